import { ArrowDown, ArrowUp } from 'lucide-react';
import { type PointerEvent, type ReactNode, useRef } from 'react';
import { useText } from '../i18n/I18n';
import { cx } from '../ui/cx';
import type { GridColumn } from './columns';
import css from './DataGrid.module.css';
import type { SortKey } from './state';

/** What the header row needs. */
export interface HeaderProps<Row> {
  readonly columns: readonly GridColumn<Row>[];
  readonly tracks: string;
  readonly sort: readonly SortKey[];
  readonly onSort: (field: string, add: boolean) => void;
  readonly onResize: (column: string, width: number) => void;
  /** The field that stands under a header; a second row appears when there is one. */
  readonly filterOf?: ((column: GridColumn<Row>) => ReactNode) | undefined;
}

/** Header row of a grid: sorts by click, adds a key by Shift and click, is dragged wider. */
export function GridHeader<Row>(props: HeaderProps<Row>) {
  const { columns, tracks, filterOf } = props;
  return (
    <div role="rowgroup">
      <div
        role="row"
        aria-rowindex={1}
        className={css.headRow}
        style={{ gridTemplateColumns: tracks }}
      >
        {columns.map((column, index) => (
          <HeaderCell key={column.id} {...props} column={column} index={index} />
        ))}
      </div>
      {filterOf && columns.some((it) => it.filter) && (
        <div role="row" className={css.filterRow} style={{ gridTemplateColumns: tracks }}>
          {columns.map((column) => (
            <div key={column.id} role="gridcell">
              {column.filter && filterOf(column)}
            </div>
          ))}
        </div>
      )}
    </div>
  );
}

function HeaderCell<Row>({
  column,
  index,
  sort,
  onSort,
  onResize,
}: HeaderProps<Row> & { readonly column: GridColumn<Row>; readonly index: number }) {
  const t = useText();
  const field = column.sortField;
  const at = sort.findIndex((key) => key.field === field);
  const key = sort[at];
  const label = t(column.label);
  return (
    <div
      role="columnheader"
      aria-colindex={index + 1}
      aria-sort={key ? (key.descending ? 'descending' : 'ascending') : field ? 'none' : undefined}
      className={cx(css.headCell, column.isNumber && css.number)}
    >
      {field ? (
        <button
          type="button"
          className={css.sort}
          title={label}
          onClick={(event) => onSort(field, event.shiftKey)}
        >
          <span>{label}</span>
          {key &&
            (key.descending ? (
              <ArrowDown size={12} aria-hidden />
            ) : (
              <ArrowUp size={12} aria-hidden />
            ))}
          {key && sort.length > 1 && <sup aria-hidden="true">{at + 1}</sup>}
        </button>
      ) : (
        <span title={label}>{label}</span>
      )}
      <Grip onResize={(width) => onResize(column.id, width)} />
    </div>
  );
}

/** The border that is dragged; the keyboard way to other widths is the column chooser. */
function Grip({ onResize }: { readonly onResize: (width: number) => void }) {
  const start = useRef<{ x: number; width: number } | undefined>(undefined);
  const onPointerDown = (event: PointerEvent<HTMLSpanElement>) => {
    const cell = event.currentTarget.parentElement;
    if (!cell) return;
    start.current = { x: event.clientX, width: cell.getBoundingClientRect().width };
    event.currentTarget.setPointerCapture(event.pointerId);
    event.preventDefault();
  };
  const onPointerMove = (event: PointerEvent<HTMLSpanElement>) => {
    if (start.current) onResize(start.current.width + event.clientX - start.current.x);
  };
  const stop = () => {
    start.current = undefined;
  };
  return (
    <span
      className={css.grip}
      aria-hidden="true"
      onPointerDown={onPointerDown}
      onPointerMove={onPointerMove}
      onPointerUp={stop}
      onPointerCancel={stop}
    />
  );
}
