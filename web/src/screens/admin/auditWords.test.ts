import { expect, test } from 'vitest';
import description from '../../../openapi.json';
import { AUDIT_ACTIONS, AUDIT_OBJECTS } from './auditWords';

test('everything that the server’s audit tells of has words', () => {
  const { AuditAction, AuditObject } = description.components.schemas;

  expect(Object.keys(AUDIT_ACTIONS).sort()).toEqual([...AuditAction.enum].sort());
  expect(Object.keys(AUDIT_OBJECTS).sort()).toEqual([...AuditObject.enum].sort());
});
