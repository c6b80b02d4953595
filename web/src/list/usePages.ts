import { useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { type FetchPage, type Page, Pages, type PagesView } from './pages';
import { type ListQuery, queryOf } from './query';
import { type ListSpec, type ListState, toQuery } from './state';
import { localZone } from './zone';

/** Asks the server for the rows of a query. */
export type FetchRows<Row> = (
  query: ListQuery & { cursor?: string },
  signal: AbortSignal,
) => Promise<Page<Row>>;

/** The rows of a list in its present state; a change of state begins anew. */
export function usePages<Row>(
  spec: ListSpec,
  state: ListState,
  fetchRows: FetchRows<Row>,
  idOf: (row: Row) => string,
): [Pages<Row>, PagesView<Row>] {
  const key = toQuery(state, spec).toString();
  const latest = useRef({ spec, state, fetchRows, idOf });
  latest.current = { spec, state, fetchRows, idOf };
  const [pages, setPages] = useState(() => newPages(latest));
  const made = useRef({ key, pages });

  useEffect(() => {
    const isNew = made.current.key !== key || made.current.pages.isClosed;
    const current = isNew ? newPages(latest) : made.current.pages;
    made.current = { key, pages: current };
    setPages(current);
    void current.start();
    return () => current.close();
  }, [key]);

  return [pages, useSyncExternalStore(pages.subscribe, pages.snapshot)];
}

/** The span of a period is fixed by the first page, so that all pages are of one query. */
function newPages<Row>(latest: {
  readonly current: {
    readonly spec: ListSpec;
    readonly state: ListState;
    readonly fetchRows: FetchRows<Row>;
    readonly idOf: (row: Row) => string;
  };
}): Pages<Row> {
  const { spec, state, idOf } = latest.current;
  let query: ListQuery = {};
  const fetch: FetchPage<Row> = (cursor, signal) => {
    if (cursor === null) query = queryOf(state, spec, Date.now(), localZone());
    const asked = cursor === null ? query : { ...query, cursor };
    return latest.current.fetchRows(asked, signal);
  };
  return new Pages(fetch, idOf);
}
