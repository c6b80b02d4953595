// What a screen tells the grid about its columns and filters.

import type { ReactNode } from 'react';
import type { TextId } from '../i18n/I18n';
import type { ColumnSpec, FilterSpec, ListSpec } from './state';

/** A column of a grid. */
export interface GridColumn<Row> extends ColumnSpec {
  readonly label: TextId;
  /** The cell as plain text: what is shown unless `render` is given, hovered, and compared to flash. */
  readonly text: (row: Row) => string;
  readonly render?: (row: Row) => ReactNode;
  /** What a list that is sorted here compares, where it is not `text`. */
  readonly sortText?: (row: Row) => string;
  /** CSS pixels until a person drags it. */
  readonly width: number;
  /** Takes what space is left. */
  readonly isWide?: boolean;
  readonly isNumber?: boolean;
  /** The filter that stands under this header. */
  readonly filter?: string;
}

/** A filter of the filter row. */
export interface GridFilter extends FilterSpec {
  readonly label: TextId;
  /** Names the codes of `options`. */
  readonly optionLabel?: (code: string) => string;
}

/** A list with everything that is shown of it. */
export interface GridSpec<Row> extends ListSpec {
  readonly columns: readonly GridColumn<Row>[];
  readonly filters: readonly GridFilter[];
}

/** The columns that are not hidden. */
export function visibleColumns<Row>(
  columns: readonly GridColumn<Row>[],
  hidden: readonly string[],
): readonly GridColumn<Row>[] {
  return columns.filter((it) => !hidden.includes(it.id));
}

/** The CSS grid tracks of a row; header and rows share them. */
export function tracksOf<Row>(
  columns: readonly GridColumn<Row>[],
  widths: Readonly<Record<string, number>>,
): string {
  const someWide = columns.some((it) => it.isWide && widths[it.id] === undefined);
  return columns
    .map((column, index) => {
      const width = widths[column.id];
      if (width !== undefined) return `${width}px`;
      const takesRest = column.isWide || (!someWide && index === columns.length - 1);
      return takesRest ? `minmax(${column.width}px, 1fr)` : `${column.width}px`;
    })
    .join(' ');
}

/** The least width at which no column is narrower than it says. */
export function widthOf<Row>(
  columns: readonly GridColumn<Row>[],
  widths: Readonly<Record<string, number>>,
): number {
  return columns.reduce((sum, it) => sum + (widths[it.id] ?? it.width), 0);
}
