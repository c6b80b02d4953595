import { describe, expect, test } from 'vitest';
import { preset, previous } from './period';
import {
  cycleSort,
  fromSaved,
  initialState,
  isAsAtFirst,
  type ListSpec,
  reset,
  setFilter,
  setWidth,
  toggleColumn,
  toQuery,
  toSaved,
  withQuery,
} from './state';

const CALLS: ListSpec = {
  screen: 'calls',
  period: 'today',
  columns: [
    { id: 'time', sortField: 'time', isFixed: true },
    { id: 'dialled' },
    { id: 'talk', sortField: 'talk' },
    { id: 'cause', isHiddenAtFirst: true },
  ],
  filters: [{ id: 'direction', options: ['in', 'out', 'internal'] }, { id: 'peer' }],
  sort: [{ field: 'time', descending: true }],
  sortKeysMax: 2,
};

const FIRST = initialState(CALLS);

describe('sorting by the header', () => {
  test('a column cycles ascending, descending, none', () => {
    const up = cycleSort(FIRST, CALLS, 'talk', false);
    const down = cycleSort(up, CALLS, 'talk', false);
    const none = cycleSort(down, CALLS, 'talk', false);

    expect(up.sort).toEqual([{ field: 'talk', descending: false }]);
    expect(down.sort).toEqual([{ field: 'talk', descending: true }]);
    expect(none.sort).toEqual([]);
  });

  test('with Shift a second key goes behind the first', () => {
    expect(cycleSort(FIRST, CALLS, 'talk', true).sort).toEqual([
      { field: 'time', descending: true },
      { field: 'talk', descending: false },
    ]);
  });

  test('with Shift a key turns in its place', () => {
    const two = cycleSort(FIRST, CALLS, 'talk', true);

    expect(cycleSort(two, CALLS, 'time', true).sort).toEqual([
      { field: 'talk', descending: false },
    ]);
  });

  test('where the server takes one key, Shift replaces it', () => {
    const single: ListSpec = { ...CALLS, sortKeysMax: 1 };

    expect(cycleSort(FIRST, single, 'talk', true).sort).toEqual([
      { field: 'talk', descending: false },
    ]);
  });
});

describe('the URL', () => {
  test('is plain while nothing is set', () => {
    expect(toQuery(FIRST, CALLS).toString()).toBe('');
  });

  test('carries everything that is set, and comes back', () => {
    let state = setFilter(FIRST, 'direction', 'in');
    state = setFilter(state, 'peer', '+7 495 & co');
    state = cycleSort(
      { ...state, q: 'Иван', period: previous(preset('week')) },
      CALLS,
      'talk',
      true,
    );

    const query = toQuery(state, CALLS);

    expect(withQuery(FIRST, CALLS, new URLSearchParams(query.toString()))).toEqual(state);
  });

  test('an unsorted list is told from one with the first sort', () => {
    const unsorted = cycleSort(FIRST, CALLS, 'time', false);

    expect(toQuery(unsorted, CALLS).toString()).toBe('sort=');
    expect(withQuery(FIRST, CALLS, new URLSearchParams('sort=')).sort).toEqual([]);
  });

  test('what the list does not offer is left out', () => {
    const query = new URLSearchParams('f.direction=sideways&f.secret=1&sort=password&period=never');

    expect(withQuery(FIRST, CALLS, query)).toEqual({ ...FIRST, sort: [] });
  });
});

describe('reset', () => {
  test('clears period, filters, search and sort, and leaves the columns', () => {
    let state = setWidth(toggleColumn(FIRST, CALLS, 'dialled'), 'time', 220);
    const { columns } = state;
    state = setFilter({ ...state, q: 'x', period: preset('year') }, 'peer', '1001');
    expect(isAsAtFirst(state, CALLS)).toBe(false);

    const cleared = reset(state, CALLS);

    expect(isAsAtFirst(cleared, CALLS)).toBe(true);
    expect(cleared.columns).toEqual(columns);
  });
});

describe('kept on the server', () => {
  test('all of it comes back', () => {
    let state = toggleColumn(toggleColumn(FIRST, CALLS, 'dialled'), CALLS, 'cause');
    state = setFilter(setWidth(state, 'time', 180.4), 'direction', 'out');

    expect(fromSaved(CALLS, JSON.parse(JSON.stringify(toSaved(state, CALLS))))).toEqual(state);
  });

  test.each([
    null,
    7,
    'x',
    [],
    { query: 5, hidden: 'time', widths: [1] },
    { widths: { time: 'wide' } },
  ])('a setting that is %j gives the first state', (saved) => {
    expect(fromSaved(CALLS, saved)).toEqual(FIRST);
  });

  test('a column that names the row cannot be hidden, nor a column dragged out of bounds', () => {
    const state = fromSaved(CALLS, {
      query: '',
      hidden: ['time', 'gone'],
      widths: { time: 99999 },
    });

    expect(state.columns).toEqual({ hidden: [], widths: { time: 900 } });
    expect(toggleColumn(FIRST, CALLS, 'time')).toBe(FIRST);
  });
});
