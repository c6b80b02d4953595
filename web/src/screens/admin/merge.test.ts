import { expect, test } from 'vitest';
import { isChanged, merge } from './merge';

const BASE = { name: 'Иванова', email: 'a@b.test', roles: ['r1', 'r2'], isDisabled: false };

test('fields that only one of us changed come together by themselves', () => {
  const result = merge(BASE, { ...BASE, name: 'Петрова' }, { ...BASE, email: 'c@d.test' });

  expect(result).toEqual({
    values: { ...BASE, name: 'Петрова', email: 'c@d.test' },
    conflicts: [],
  });
});

test('a field that both changed waits for a decision, and mine is not lost', () => {
  const result = merge(BASE, { ...BASE, name: 'Петрова' }, { ...BASE, name: 'Сидорова' });

  expect(result.values.name).toBe('Петрова');
  expect(result.conflicts).toEqual([{ field: 'name', mine: 'Петрова', theirs: 'Сидорова' }]);
});

test('the same change by both is no conflict', () => {
  const both = { ...BASE, name: 'Петрова', roles: ['r3', 'r1'] };

  expect(merge(BASE, both, { ...both, roles: ['r1', 'r3'] }).conflicts).toEqual([]);
});

test('a field that the server does not send stays mine', () => {
  expect(merge(BASE, { ...BASE, name: 'Петрова' }, {}).values.name).toBe('Петрова');
});

test('another order of a list is no change', () => {
  expect(isChanged(BASE, { ...BASE, roles: ['r2', 'r1'] })).toBe(false);
  expect(isChanged(BASE, { ...BASE, roles: ['r2'] })).toBe(true);
});
