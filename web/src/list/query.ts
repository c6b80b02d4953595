// A list's state as the parameters that every list endpoint takes. Knows no React.

import { resolve } from './period';
import { type ListSpec, type ListState, sortToText } from './state';

/** Rows asked for at a time: a few screenfuls. */
export const PAGE_ROWS = 100;

/** The parameters of a list request; filters under their own names. */
export type ListQuery = Readonly<Record<string, string | number>>;

/** What to ask the server for at this moment. */
export function queryOf(state: ListState, spec: ListSpec, now: number, zone: string): ListQuery {
  const query: Record<string, string | number> = { limit: PAGE_ROWS };
  if (spec.period && state.period) {
    const span = resolve(state.period, now, zone);
    query.from = new Date(span.from).toISOString();
    if (span.until !== null) query.to = new Date(span.until).toISOString();
  }
  if (state.q.trim() !== '') query.q = state.q.trim();
  const sort = sortToText(state.sort);
  if (sort !== '') query.sort = sort;
  return { ...query, ...state.filters };
}
