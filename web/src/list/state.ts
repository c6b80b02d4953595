// What a person has set on a list: period, filters, search, sort, columns. Lives in the URL (so that
// it can be shared and gone back to) and on the server (so that it is there tomorrow). Knows no React.

import { type Period, type Preset, periodFromText, periodToText, preset } from './period';

/** One sort key; the first key is the primary one. */
export interface SortKey {
  readonly field: string;
  readonly descending: boolean;
}

/** What a screen's list offers; everything that comes from outside is checked against it. */
export interface ListSpec {
  /** Names the server-kept setting `list.<screen>`. */
  readonly screen: string;
  /** `undefined` where the list has no period. */
  readonly period: Preset | undefined;
  readonly columns: readonly ColumnSpec[];
  readonly filters: readonly FilterSpec[];
  readonly sort: readonly SortKey[];
  /** How many sort keys the server takes. */
  readonly sortKeysMax: 1 | 2;
}

/** A column, as far as state is concerned. */
export interface ColumnSpec {
  readonly id: string;
  /** The server's name of the sort field; `undefined` where it does not sort by this column. */
  readonly sortField?: string;
  readonly isHiddenAtFirst?: boolean;
  /** A column that names the row stays. */
  readonly isFixed?: boolean;
}

/** A filter and, for a choice, its codes. */
export interface FilterSpec {
  readonly id: string;
  readonly options?: readonly string[];
  readonly initial?: string;
}

/** The columns as the person arranged them. */
export interface ColumnState {
  readonly hidden: readonly string[];
  /** CSS pixels by column id; columns without one share what is left. */
  readonly widths: Readonly<Record<string, number>>;
}

/** The whole state of a list. */
export interface ListState {
  readonly period: Period | undefined;
  readonly filters: Readonly<Record<string, string>>;
  readonly q: string;
  readonly sort: readonly SortKey[];
  readonly columns: ColumnState;
}

/** Longest search text that is sent. */
export const SEARCH_LENGTH_MAX = 200;

/** Narrowest and widest a column can be dragged, CSS pixels. */
export const COLUMN_WIDTH = { min: 56, max: 900 } as const;

/** A list as the person sees it for the first time. */
export function initialState(spec: ListSpec): ListState {
  const filters: Record<string, string> = {};
  for (const filter of spec.filters) {
    if (filter.initial !== undefined) filters[filter.id] = filter.initial;
  }
  return {
    period: spec.period && preset(spec.period),
    filters,
    q: '',
    sort: spec.sort,
    columns: {
      hidden: spec.columns.filter((it) => it.isHiddenAtFirst).map((it) => it.id),
      widths: {},
    },
  };
}

/** Header click: ascending, descending, none. With Shift the key is added behind the others. */
export function cycleSort(
  state: ListState,
  spec: ListSpec,
  field: string,
  add: boolean,
): ListState {
  const current = state.sort.find((key) => key.field === field);
  const turned: SortKey[] = !current
    ? [{ field, descending: false }]
    : current.descending
      ? []
      : [{ field, descending: true }];
  if (!add || spec.sortKeysMax === 1) return { ...state, sort: turned };
  const kept = current
    ? state.sort.flatMap((key) => (key.field === field ? turned : [key]))
    : [...state.sort, ...turned];
  return { ...state, sort: kept.slice(-spec.sortKeysMax) };
}

/** Sets or, with an empty value, clears one filter. */
export function setFilter(state: ListState, id: string, value: string): ListState {
  const { [id]: _, ...rest } = state.filters;
  return { ...state, filters: value === '' ? rest : { ...rest, [id]: value } };
}

/** Shows or hides a column; one that names the row stays. */
export function toggleColumn(state: ListState, spec: ListSpec, id: string): ListState {
  if (spec.columns.find((it) => it.id === id)?.isFixed) return state;
  const { hidden } = state.columns;
  return {
    ...state,
    columns: {
      ...state.columns,
      hidden: hidden.includes(id) ? hidden.filter((it) => it !== id) : [...hidden, id],
    },
  };
}

/** Sets the width of one column, within bounds. */
export function setWidth(state: ListState, id: string, width: number): ListState {
  const bounded = Math.round(Math.min(Math.max(width, COLUMN_WIDTH.min), COLUMN_WIDTH.max));
  return {
    ...state,
    columns: { ...state.columns, widths: { ...state.columns.widths, [id]: bounded } },
  };
}

/** Whether «СБРОСИТЬ» would change anything. Columns are not what it resets. */
export function isAsAtFirst(state: ListState, spec: ListSpec): boolean {
  return toQuery(state, spec).size === 0;
}

/** Clears period, filters, search and sort; columns stay as they were arranged. */
export function reset(state: ListState, spec: ListSpec): ListState {
  return { ...initialState(spec), columns: state.columns };
}

/** The URL parameters that differ from the first state, so that a plain link stays plain. */
export function toQuery(state: ListState, spec: ListSpec): URLSearchParams {
  const first = initialState(spec);
  const query = new URLSearchParams();
  if (state.period && first.period) {
    const text = periodToText(state.period);
    if (text !== periodToText(first.period)) query.set('period', text);
  }
  if (state.q !== '') query.set('q', state.q);
  const sort = sortToText(state.sort);
  if (sort !== sortToText(first.sort)) query.set('sort', sort);
  for (const { id } of spec.filters) {
    const value = state.filters[id] ?? '';
    if (value !== (first.filters[id] ?? '')) query.set(`f.${id}`, value);
  }
  return query;
}

/** What the URL says on top of `base`; whatever the spec does not know is left out. */
export function withQuery(base: ListState, spec: ListSpec, query: URLSearchParams): ListState {
  let state = base;
  const period = periodFromText(query.get('period') ?? '');
  if (period && spec.period) state = { ...state, period };
  const q = query.get('q');
  if (q !== null) state = { ...state, q: q.slice(0, SEARCH_LENGTH_MAX) };
  const sort = query.get('sort');
  if (sort !== null) state = { ...state, sort: sortFromText(sort, spec) };
  for (const filter of spec.filters) {
    const value = query.get(`f.${filter.id}`);
    if (value !== null && isAllowed(filter, value)) state = setFilter(state, filter.id, value);
  }
  return state;
}

/** Whether the URL sets anything of this list. */
export function isListQuery(query: URLSearchParams): boolean {
  return [...query.keys()].some(
    (key) => key === 'period' || key === 'q' || key === 'sort' || key.startsWith('f.'),
  );
}

/** What is kept on the server for `list.<screen>`. */
export interface SavedList {
  readonly query: string;
  readonly hidden: readonly string[];
  readonly widths: Readonly<Record<string, number>>;
}

/** The setting's value. */
export function toSaved(state: ListState, spec: ListSpec): SavedList {
  return { query: toQuery(state, spec).toString(), ...state.columns };
}

/** Reads a setting of any age or origin; what does not fit the spec is left out. */
export function fromSaved(spec: ListSpec, saved: unknown): ListState {
  const first = initialState(spec);
  if (!isRecord(saved)) return first;
  const query = typeof saved.query === 'string' ? saved.query : '';
  const state = withQuery(first, spec, new URLSearchParams(query));
  const hidden = Array.isArray(saved.hidden)
    ? spec.columns
        .filter((it) => !it.isFixed && (saved.hidden as unknown[]).includes(it.id))
        .map((it) => it.id)
    : state.columns.hidden;
  const widths = isRecord(saved.widths) ? saved.widths : {};
  const withHidden = { ...state, columns: { hidden, widths: {} } };
  return spec.columns.reduce((sized, { id }) => {
    const width = widths[id];
    return typeof width === 'number' && Number.isFinite(width) ? setWidth(sized, id, width) : sized;
  }, withHidden);
}

/** `-time,peer`; the empty text is "unsorted". */
export function sortToText(sort: readonly SortKey[]): string {
  return sort.map((key) => `${key.descending ? '-' : ''}${key.field}`).join(',');
}

function sortFromText(text: string, spec: ListSpec): readonly SortKey[] {
  const fields = new Set(spec.columns.map((it) => it.sortField));
  return text
    .split(',')
    .map((word) => ({ field: word.replace(/^-/, ''), descending: word.startsWith('-') }))
    .filter((key) => fields.has(key.field))
    .slice(0, spec.sortKeysMax);
}

function isAllowed(filter: FilterSpec, value: string): boolean {
  if (value === '' || !filter.options) return value.length <= SEARCH_LENGTH_MAX;
  return filter.options.includes(value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
