// How many columns of phones fill a screen without scrolling.

/** Space for the cells, in CSS pixels. */
export interface Area {
  readonly width: number;
  readonly height: number;
  readonly gap: number;
}

/** A grid that fits. `cellWidth`×`cellHeight` is what is drawn, centred in its slot. */
export interface Fit {
  readonly columns: number;
  readonly rows: number;
  readonly cellWidth: number;
  readonly cellHeight: number;
}

/** Height to width of a cell: outside it the number or the name no longer reads well. */
export const RATIO_MIN = 1.2;
/** See {@link RATIO_MIN}. */
export const RATIO_MAX = 2.2;

/** More cells than this are shown in turns. */
export const CELLS_PER_PAGE_MAX = 500;

/**
 * The grid with the largest cells of a good shape: the fewest slots, and of equals the fewest
 * columns. Where no grid gives that shape, cells are cut down to it.
 */
export function autofit(count: number, area: Area): Fit {
  const fits = Array.from({ length: Math.max(count, 1) }, (_, index) =>
    fitOf(count, index + 1, area),
  );
  return fits.reduce((best, fit) => (isBetter(fit, best) ? fit : best));
}

/** How many pages `count` cells take. */
export function pagesOf(count: number): number {
  return Math.max(1, Math.ceil(count / CELLS_PER_PAGE_MAX));
}

/** The cells of one page: pages are of equal length but for the last. */
export function pageOf<T>(items: readonly T[], page: number): readonly T[] {
  const size = Math.ceil(items.length / pagesOf(items.length));
  return items.slice(page * size, (page + 1) * size);
}

interface Candidate extends Fit {
  readonly isWellShaped: boolean;
}

function fitOf(count: number, columns: number, area: Area): Candidate {
  const rows = Math.max(1, Math.ceil(count / columns));
  const width = Math.max(0, (area.width - (columns - 1) * area.gap) / columns);
  const height = Math.max(0, (area.height - (rows - 1) * area.gap) / rows);
  const ratio = width > 0 ? height / width : Number.POSITIVE_INFINITY;
  return {
    columns,
    rows,
    cellWidth: Math.floor(Math.min(width, height / RATIO_MIN)),
    cellHeight: Math.floor(Math.min(height, width * RATIO_MAX)),
    isWellShaped: ratio >= RATIO_MIN && ratio <= RATIO_MAX,
  };
}

function isBetter(fit: Candidate, best: Candidate): boolean {
  if (fit.isWellShaped !== best.isWellShaped) return fit.isWellShaped;
  if (!fit.isWellShaped) {
    return fit.cellWidth * fit.cellHeight > best.cellWidth * best.cellHeight;
  }
  return fit.columns * fit.rows < best.columns * best.rows;
}
