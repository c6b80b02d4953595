import { useMemo } from 'react';
import type { GridColumn } from './columns';
import { ListFrame, ListPage, type ScreenProps } from './ListFrame';
import type { ListState } from './state';
import { useListState } from './useListState';

interface Props<Row> extends ScreenProps<Row> {
  /** All of them; `undefined` while they are on their way. */
  readonly rows: readonly Row[] | undefined;
}

/** A list screen whose rows are all here, and searched and sorted here. */
export function LocalScreen<Row>(props: Props<Row>) {
  const [state, setState] = useListState(props.spec);
  return (
    <ListPage
      title={props.title}
      note={props.note}
      card={props.card}
      onCloseCard={props.onCloseCard}
    >
      {state && <LocalBody {...props} state={state} onState={setState} />}
    </ListPage>
  );
}

function LocalBody<Row>(
  props: Props<Row> & {
    readonly state: ListState;
    readonly onState: (state: ListState) => void;
  },
) {
  const { rows, state, spec } = props;
  const shown = useMemo(
    () => sorted(found(rows ?? [], state.q, spec.columns), state, spec.columns),
    [rows, state, spec.columns],
  );
  return (
    <ListFrame
      {...props}
      data={{
        rows: shown,
        total: rows?.length ?? 0,
        phase: rows === undefined ? 'loading' : 'ready',
      }}
    />
  );
}

/** Rows in which each word of the search stands somewhere. */
export function found<Row>(
  rows: readonly Row[],
  q: string,
  columns: readonly GridColumn<Row>[],
): readonly Row[] {
  const words = q.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return rows;
  return rows.filter((row) => {
    const text = columns.map((it) => it.text(row).toLocaleLowerCase()).join('\n');
    return words.every((word) => text.includes(word));
  });
}

/** Rows by their sort keys; numbers within texts by value, so that 999 comes before 1000. */
export function sorted<Row>(
  rows: readonly Row[],
  state: Pick<ListState, 'sort'>,
  columns: readonly GridColumn<Row>[],
): readonly Row[] {
  const keys = state.sort.flatMap((key) => {
    const column = columns.find((it) => it.sortField === key.field);
    return column ? [{ value: column.sortText ?? column.text, sign: key.descending ? -1 : 1 }] : [];
  });
  if (keys.length === 0) return rows;
  return [...rows].sort((a, b) => {
    for (const { value, sign } of keys) {
      const order = collator.compare(value(a), value(b));
      if (order !== 0) return order * sign;
    }
    return 0;
  });
}

const collator = new Intl.Collator(undefined, { numeric: true });
