// Which rows of a long list are drawn. Knows no React.

/** Rows `first` to `last` (exclusive) are drawn, `before` pixels below the top of the list. */
export interface Slice {
  readonly first: number;
  readonly last: number;
  readonly before: number;
  readonly height: number;
}

/** Rows drawn above and below what is seen, so that a quick scroll shows no holes. */
const OVERSCAN = 8;

/** Height of a list whose place has no size yet. */
const HEIGHT_UNKNOWN = 800;

/** The rows to draw at this scroll position. */
export function sliceOf(
  count: number,
  rowHeight: number,
  scrollTop: number,
  height: number,
): Slice {
  const seen = height > 0 ? height : HEIGHT_UNKNOWN;
  const top = Math.min(Math.max(0, scrollTop), Math.max(0, count * rowHeight - seen));
  const first = Math.max(0, Math.floor(top / rowHeight) - OVERSCAN);
  const last = Math.min(count, Math.ceil((top + seen) / rowHeight) + OVERSCAN);
  return { first, last, before: first * rowHeight, height: count * rowHeight };
}

/** The scroll position that brings a row into sight with the least movement. */
export function scrollTo(
  index: number,
  rowHeight: number,
  scrollTop: number,
  height: number,
): number {
  const top = index * rowHeight;
  if (top < scrollTop) return top;
  return top + rowHeight > scrollTop + height ? top + rowHeight - height : scrollTop;
}

/** Whole rows that are seen: how far Page Up and Page Down go. */
export function rowsPerPage(rowHeight: number, height: number): number {
  return Math.max(1, Math.floor((height > 0 ? height : HEIGHT_UNKNOWN) / rowHeight) - 1);
}

/** Whether the end is close enough to fetch what follows. */
export function isNearEnd(slice: Slice, count: number): boolean {
  return slice.last >= count - 2 * OVERSCAN;
}
