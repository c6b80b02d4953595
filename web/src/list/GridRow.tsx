import { type MouseEvent, useState } from 'react';
import { cx } from '../ui/cx';
import type { GridColumn } from './columns';
import css from './DataGrid.module.css';

interface Props<Row> {
  readonly id: string;
  readonly row: Row;
  readonly index: number;
  /** CSS pixels from the top of the body. */
  readonly top: number;
  readonly columns: readonly GridColumn<Row>[];
  readonly tracks: string;
  readonly isSelected: boolean;
  readonly isTabStop: boolean;
  readonly onClick: (event: MouseEvent, id: string) => void;
  readonly onDoubleClick: () => void;
  readonly onFocus: (id: string) => void;
}

/** One row of a grid; the row, not its cells, takes the focus. */
export function GridRow<Row>(props: Props<Row>) {
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the grid handles the keys of all its rows
    <div
      className={css.row}
      style={{ top: props.top, gridTemplateColumns: props.tracks }}
      role="row"
      data-row={props.id}
      aria-rowindex={props.index + 2}
      aria-selected={props.isSelected}
      tabIndex={props.isTabStop ? 0 : -1}
      onClick={(event) => props.onClick(event, props.id)}
      onDoubleClick={props.onDoubleClick}
      onFocus={(event) => {
        if (event.target === event.currentTarget) props.onFocus(props.id);
      }}
    >
      {props.columns.map((column, index) => (
        <GridCell key={column.id} column={column} row={props.row} index={index} />
      ))}
    </div>
  );
}

function GridCell<Row>({
  column,
  row,
  index,
}: {
  readonly column: GridColumn<Row>;
  readonly row: Row;
  readonly index: number;
}) {
  const text = column.text(row);
  const flash = useFlash(text);
  return (
    <div
      className={cx(css.cell, column.isNumber && css.number)}
      role="gridcell"
      aria-colindex={index + 1}
      title={text || undefined}
      data-flash={flash}
    >
      {column.render ? column.render(row) : <bdi>{text}</bdi>}
    </div>
  );
}

/** `odd` or `even` after a change, in turn, so that each change starts the animation anew. */
function useFlash(text: string): 'odd' | 'even' | undefined {
  const [seen, setSeen] = useState({ text, changes: 0 });
  if (seen.text !== text) setSeen({ text, changes: seen.changes + 1 });
  if (seen.changes === 0) return undefined;
  return seen.changes % 2 === 1 ? 'odd' : 'even';
}
