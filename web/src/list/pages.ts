// Loads a list page by page by its cursor, and learns of new rows without moving the ones on the
// screen. Knows no React.

/** One page, as every list endpoint answers. */
export interface Page<Row> {
  readonly items: readonly Row[];
  readonly next_cursor: string | null;
  readonly total_estimate: number;
}

/** Fetches the page at `cursor`; the first one for `null`. */
export type FetchPage<Row> = (cursor: string | null, signal: AbortSignal) => Promise<Page<Row>>;

/** What the grid draws. */
export interface PagesView<Row> {
  readonly rows: readonly Row[];
  /** The server's estimate, never below what is loaded. */
  readonly total: number;
  readonly phase: 'loading' | 'ready' | 'loading_more' | 'failed';
  readonly error: unknown;
  readonly hasMore: boolean;
  /** Rows that match and wait behind the pill «Показать N новых». */
  readonly waiting: number;
  /** Whether still more than `waiting` may be waiting. */
  readonly isWaitingAtLeast: boolean;
}

/** The rows of one query. A new query is a new loader. */
export class Pages<Row> {
  #view: PagesView<Row> = {
    rows: [],
    total: 0,
    phase: 'loading',
    error: undefined,
    hasMore: false,
    waiting: 0,
    isWaitingAtLeast: false,
  };
  #cursor: string | null = null;
  #fresh: readonly Row[] = [];
  #isChecking = false;
  #mustCheckAgain = false;
  readonly #abort = new AbortController();
  readonly #fetch: FetchPage<Row>;
  readonly #idOf: (row: Row) => string;
  readonly #listeners = new Set<() => void>();

  constructor(fetch: FetchPage<Row>, idOf: (row: Row) => string) {
    this.#fetch = fetch;
    this.#idOf = idOf;
  }

  /** The same object until something changes, as `useSyncExternalStore` requires. */
  readonly snapshot = (): PagesView<Row> => this.#view;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  get #isLoading(): boolean {
    return this.#view.phase === 'loading';
  }

  /** Whether this query has been given up. */
  get isClosed(): boolean {
    return this.#abort.signal.aborted;
  }

  /** Fetches the first page, also again after a failure or to start over. */
  async start(): Promise<void> {
    this.#fresh = [];
    this.#commit({ phase: 'loading', error: undefined, waiting: 0, isWaitingAtLeast: false });
    await this.#load(null, () => []);
  }

  /** Fetches the next page, unless one is under way or there is none. */
  async more(): Promise<void> {
    const isIdle = this.#view.phase === 'ready' || this.#view.phase === 'failed';
    if (!isIdle || this.#cursor === null) return;
    this.#commit({ phase: 'loading_more', error: undefined });
    await this.#load(this.#cursor, () => this.#view.rows);
  }

  /** After a failure: asks for the page that did not come. */
  async retry(): Promise<void> {
    if (this.#view.phase !== 'failed') return;
    if (this.#view.rows.length === 0 || this.#cursor === null) await this.start();
    else await this.more();
  }

  /** The server was away: asks again for what it did not answer, and for what it could not tell. */
  async catchUp(): Promise<void> {
    if (this.#view.phase === 'failed') await this.retry();
    else await this.checkNew();
  }

  /**
   * Something new may match: asks for the first page once more and counts what is not shown. Hints
   * that come during a check, or while the first page is loading, are answered by one more check after
   * it, however many they are.
   */
  async checkNew(): Promise<void> {
    if (this.#isChecking || this.#isLoading) {
      this.#mustCheckAgain = true;
      return;
    }
    this.#isChecking = true;
    do {
      this.#mustCheckAgain = false;
      await this.#check();
    } while (this.#mustCheckAgain && !this.#isLoading && !this.isClosed);
    this.#isChecking = false;
  }

  /** Puts the waiting rows on top. Where they do not join up with the shown ones, starts over. */
  async showNew(): Promise<void> {
    if (this.#view.isWaitingAtLeast) {
      await this.start();
      return;
    }
    const rows = [...this.#fresh, ...this.#view.rows];
    this.#fresh = [];
    this.#commit({ rows, waiting: 0, total: Math.max(this.#view.total, rows.length) });
  }

  /** Replaces one row in place; returns whether it is loaded. */
  patch(id: string, change: (row: Row) => Row): boolean {
    const index = this.#view.rows.findIndex((row) => this.#idOf(row) === id);
    const row = this.#view.rows[index];
    if (row === undefined) return false;
    this.#commit({ rows: this.#view.rows.with(index, change(row)) });
    return true;
  }

  /** Drops one row. */
  remove(id: string): void {
    const rows = this.#view.rows.filter((row) => this.#idOf(row) !== id);
    if (rows.length === this.#view.rows.length) return;
    this.#commit({ rows, total: Math.max(rows.length, this.#view.total - 1) });
  }

  /** Gives up what is under way; answers that still come change nothing. */
  close(): void {
    this.#abort.abort();
  }

  async #load(cursor: string | null, before: () => readonly Row[]): Promise<void> {
    try {
      const page = await this.#fetch(cursor, this.#abort.signal);
      if (this.#abort.signal.aborted) return;
      this.#cursor = page.next_cursor;
      const rows = this.#joined(before(), page.items);
      this.#commit({
        rows,
        total: page.next_cursor === null ? rows.length : Math.max(page.total_estimate, rows.length),
        phase: 'ready',
        hasMore: page.next_cursor !== null,
      });
      if (this.#mustCheckAgain) void this.checkNew();
    } catch (error) {
      if (!this.#abort.signal.aborted) this.#commit({ phase: 'failed', error });
    }
  }

  async #check(): Promise<void> {
    try {
      const page = await this.#fetch(null, this.#abort.signal);
      if (this.isClosed) return;
      if (this.#isLoading) {
        this.#mustCheckAgain = true;
        return;
      }
      const shown = new Set(this.#view.rows.map(this.#idOf));
      this.#fresh = page.items.filter((row) => !shown.has(this.#idOf(row)));
      // Nobody can be disturbed in an empty list.
      if (this.#view.rows.length === 0 && this.#fresh.length > 0) {
        await this.start();
        return;
      }
      this.#commit({
        waiting: this.#fresh.length,
        isWaitingAtLeast: this.#fresh.length === page.items.length && page.next_cursor !== null,
      });
    } catch {
      // The next hint checks again; the rows on the screen are still right.
    }
  }

  /** A row that slipped from one page to the next while loading is shown once. */
  #joined(before: readonly Row[], items: readonly Row[]): readonly Row[] {
    const known = new Set(before.map(this.#idOf));
    return [...before, ...items.filter((row) => !known.has(this.#idOf(row)))];
  }

  #commit(change: Partial<PagesView<Row>>): void {
    this.#view = { ...this.#view, ...change };
    for (const listener of this.#listeners) listener();
  }
}
