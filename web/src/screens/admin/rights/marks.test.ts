import { expect, test } from 'vitest';
import type { Role } from '../../../api/types';
import { countMarked, has, isMarked, type Marks, mark, rightsOf, without } from './marks';
import { grouped } from './rights';

const NONE: Marks = new Map();

test('a mark changes what a role is to have, and taking it back leaves none', () => {
  const role = ROLE('r1', ['calls.own', 'qm.view']);

  const marks = mark(mark(NONE, role, 'calls.own', false), role, 'kb.use', true);

  expect(has(marks, role, 'calls.own')).toBe(false);
  expect(isMarked(marks, role, 'qm.view')).toBe(false);
  expect(rightsOf(marks, role)).toEqual(['qm.view', 'kb.use']);
  expect(countMarked(marks, [role])).toBe(2);
  expect(mark(marks, role, 'calls.own', true).size).toBe(1);
});

test('marks stand on what somebody else has changed meanwhile', () => {
  const role = ROLE('r1', ['calls.own']);
  const marks = mark(mark(NONE, role, 'kb.use', true), role, 'calls.own', false);

  const theirs = ROLE('r1', ['calls.own', 'kb.use', 'ui.json']);

  expect(rightsOf(marks, theirs)).toEqual(['kb.use', 'ui.json']);
  expect(countMarked(marks, [theirs])).toBe(1);
});

test('marks of one role go and those of another stay', () => {
  const [one, two] = [ROLE('r1', []), ROLE('r10', [])];
  const marks = mark(mark(NONE, one, 'kb.use', true), two, 'kb.use', true);

  const left = without(marks, 'r1');

  expect(countMarked(left, [one])).toBe(0);
  expect(countMarked(left, [two])).toBe(1);
});

test('rights that the panel does not know come last, by their code', () => {
  const codes = ['future.use', 'audit.view', 'calls.own'];

  const groups = grouped(codes.map((code) => ({ code, is_mine: true })));

  expect(groups.map((it) => it.label)).toEqual([
    'admin.rightGroup.calls',
    'admin.rightGroup.server',
    'admin.rightGroup.other',
  ]);
  expect(groups.at(-1)?.rights.map((it) => it.code)).toEqual(['future.use']);
});

const ROLE = (id: string, rights: string[]): Role => ({
  id,
  code: id,
  title: { ru: id, en: id },
  rights,
  is_built_in: false,
  holders: 0,
  version: 1,
});
