import { expect, test } from 'vitest';
import { preset, previous } from './period';
import { queryOf } from './query';
import { initialState, type ListSpec, setFilter } from './state';

const SPEC: ListSpec = {
  screen: 'calls',
  period: 'today',
  columns: [{ id: 'time', sortField: 'time' }],
  filters: [{ id: 'peer' }],
  sort: [{ field: 'time', descending: true }],
  sortKeysMax: 1,
};
const NOW = Date.parse('2025-11-24T12:30:00Z');

test('the period is sent as instants, filters under their own names', () => {
  const state = setFilter({ ...initialState(SPEC), q: '  Иван ' }, 'peer', '+7 495');

  expect(queryOf(state, SPEC, NOW, 'Europe/Moscow')).toEqual({
    limit: 100,
    from: '2025-11-23T21:00:00.000Z',
    to: '2025-11-24T21:00:00.000Z',
    q: 'Иван',
    sort: '-time',
    peer: '+7 495',
  });
});

test('a rolling period has no end, so that what happens next belongs to it', () => {
  const week = queryOf({ ...initialState(SPEC), period: preset('week') }, SPEC, NOW, 'UTC');
  const before = queryOf(
    { ...initialState(SPEC), period: previous(preset('week')) },
    SPEC,
    NOW,
    'UTC',
  );

  expect(week).not.toHaveProperty('to');
  expect(before.to).toBe(week.from);
});

test('an unsorted list without period, search and filters asks for nothing but rows', () => {
  const plain: ListSpec = { ...SPEC, period: undefined, sort: [] };

  expect(queryOf(initialState(plain), plain, NOW, 'UTC')).toEqual({ limit: 100 });
});
