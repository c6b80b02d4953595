import { expect, test, vi } from 'vitest';
import { type FetchPage, type Page, Pages } from './pages';

interface Call {
  readonly id: string;
  readonly talk?: number;
}

test('pages follow each other to the end', async () => {
  const server = archive(['c5', 'c4', 'c3', 'c2', 'c1']);
  const pages = new Pages<Call>(server.fetch, idOf);

  await pages.start();
  expect(view(pages)).toMatchObject({ ids: ['c5', 'c4'], total: 5, hasMore: true });
  await pages.more();
  await pages.more();
  await pages.more();

  expect(view(pages)).toMatchObject({
    ids: ['c5', 'c4', 'c3', 'c2', 'c1'],
    total: 5,
    hasMore: false,
  });
  expect(server.asked).toEqual([null, '2', '4']);
});

test('new rows wait behind the pill, in order, and move nothing', async () => {
  const server = archive(['c2', 'c1']);
  const pages = new Pages<Call>(server.fetch, idOf);
  await pages.start();

  server.rows.unshift('c3');
  await pages.checkNew();

  expect(view(pages)).toMatchObject({ ids: ['c2', 'c1'], waiting: 1 });
  await pages.showNew();
  expect(view(pages)).toMatchObject({ ids: ['c3', 'c2', 'c1'], waiting: 0, total: 3 });
});

test('a call that does not match the filter wakes no pill', async () => {
  const server = archive(['c2', 'c1']);
  const pages = new Pages<Call>(server.fetch, idOf);
  await pages.start();

  await pages.checkNew();

  expect(view(pages)).toMatchObject({ waiting: 0 });
});

test('after a loss the page that failed comes, and new rows are looked for', async () => {
  const server = archive(['c2', 'c1']);
  let isAway = true;
  const fetch: FetchPage<Call> = (cursor, signal) =>
    isAway ? Promise.reject(new Error('away')) : server.fetch(cursor, signal);
  const pages = new Pages<Call>(fetch, idOf);
  await pages.start();
  expect(pages.snapshot().phase).toBe('failed');

  isAway = false;
  await pages.catchUp();
  expect(view(pages)).toMatchObject({ ids: ['c2', 'c1'], waiting: 0 });
  server.rows.unshift('c3');
  await pages.catchUp();

  expect(view(pages)).toMatchObject({ ids: ['c2', 'c1'], waiting: 1 });
});

test('a flood of hints asks the server twice, not each time', async () => {
  const server = archive(['c2', 'c1']);
  const pages = new Pages<Call>(server.fetch, idOf);
  await pages.start();
  server.asked.length = 0;

  const first = pages.checkNew();
  for (let hint = 0; hint < 50; hint += 1) void pages.checkNew();
  await first;

  expect(server.asked).toEqual([null, null]);
});

test('a hint that comes while the first page is loading is not forgotten', async () => {
  const server = archive(['c2', 'c1']);
  const pages = new Pages<Call>(server.fetch, idOf);
  const starting = pages.start();
  const checking = pages.checkNew();
  server.rows.unshift('c3');
  await Promise.all([starting, checking]);

  await vi.waitFor(() => expect(view(pages)).toMatchObject({ ids: ['c2', 'c1'], waiting: 1 }));
});

test('more new rows than a page start the list over, so that no gap opens', async () => {
  const server = archive(['c2', 'c1']);
  const pages = new Pages<Call>(server.fetch, idOf);
  await pages.start();

  server.rows.unshift('c5', 'c4', 'c3');
  await pages.checkNew();
  expect(view(pages)).toMatchObject({ waiting: 2, isWaitingAtLeast: true });
  await pages.showNew();

  expect(view(pages)).toMatchObject({ ids: ['c5', 'c4'], waiting: 0, hasMore: true });
});

test('an empty list shows its first row at once', async () => {
  const server = archive([]);
  const pages = new Pages<Call>(server.fetch, idOf);
  await pages.start();

  server.rows.unshift('c1');
  await pages.checkNew();

  expect(view(pages)).toMatchObject({ ids: ['c1'], waiting: 0 });
});

test('a row that slips to the next page while loading is shown once', async () => {
  const server = archive(['c4', 'c3', 'c2', 'c1']);
  const pages = new Pages<Call>(server.fetch, idOf);
  await pages.start();

  server.rows.unshift('c5');
  await pages.more();

  expect(view(pages).ids).toEqual(['c4', 'c3', 'c2']);
});

test('a failed page keeps the rows and can be tried again', async () => {
  const server = archive(['c3', 'c2', 'c1']);
  const pages = new Pages<Call>(server.fetch, idOf);
  await pages.start();

  server.failWith = new Error('offline');
  await pages.more();
  expect(view(pages)).toMatchObject({ ids: ['c3', 'c2'], phase: 'failed' });
  expect(pages.snapshot().error).toBe(server.failWith);
  server.failWith = undefined;
  await pages.more();

  expect(view(pages)).toMatchObject({ ids: ['c3', 'c2', 'c1'], phase: 'ready' });
});

test('an answer that comes after closing changes nothing', async () => {
  const server = archive(['c1']);
  const pages = new Pages<Call>(server.fetch, idOf);
  const listener = vi.fn();

  const started = pages.start();
  pages.subscribe(listener);
  pages.close();
  await started;

  expect(listener).not.toHaveBeenCalled();
  expect(view(pages)).toMatchObject({ ids: [], phase: 'loading' });
});

test('a row is patched in place and removed', async () => {
  const server = archive(['c2', 'c1']);
  const pages = new Pages<Call>(server.fetch, idOf);
  await pages.start();

  expect(pages.patch('c1', (row) => ({ ...row, talk: 7 }))).toBe(true);
  expect(pages.patch('c9', (row) => row)).toBe(false);
  pages.remove('c2');

  expect(pages.snapshot().rows).toEqual([{ id: 'c1', talk: 7 }]);
  expect(view(pages).total).toBe(1);
});

const idOf = (call: Call) => call.id;

function view(pages: Pages<Call>) {
  const { rows, ...rest } = pages.snapshot();
  return { ids: rows.map(idOf), ...rest };
}

/** A server with pages of two; the cursor is an offset, which lets rows slip as a bad one would. */
function archive(ids: string[]) {
  const server = {
    rows: ids,
    asked: [] as (string | null)[],
    failWith: undefined as Error | undefined,
    fetch: (async (cursor) => {
      server.asked.push(cursor);
      if (server.failWith) throw server.failWith;
      const start = Number(cursor ?? 0);
      const items = server.rows.slice(start, start + 2).map((id) => ({ id }));
      const end = start + items.length;
      const page: Page<Call> = {
        items,
        next_cursor: end < server.rows.length ? String(end) : null,
        total_estimate: server.rows.length,
      };
      return page;
    }) as FetchPage<Call>,
  };
  return server;
}
