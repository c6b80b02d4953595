import { type ReactNode, useMemo, useRef, useState } from 'react';
import { useText } from '../i18n/I18n';
import { type GridSpec, visibleColumns } from './columns';
import { DataGrid } from './DataGrid';
import { FilterField } from './FilterField';
import { GridToolbar } from './GridToolbar';
import { JsonViewer } from './JsonViewer';
import { ListEmpty } from './ListEmpty';
import { ListHelp } from './ListHelp';
import css from './ListScreen.module.css';
import type { Action } from './OverflowBar';
import { NOTHING, type Selection, targets } from './selection';
import { cycleSort, type ListState, setFilter, setWidth } from './state';
import { useCardFocus } from './useCardFocus';

/** What a list screen says of itself, wherever its rows come from. */
export interface ScreenProps<Row> {
  readonly title: string;
  /** Stands under the title: what the list is about, where the title does not say. */
  readonly note?: string | undefined;
  readonly spec: GridSpec<Row>;
  readonly idOf: (row: Row) => string;
  /** One sentence for a list in which there has never been anything. */
  readonly emptyText: string;
  readonly emptyAction?: ReactNode;
  /** Says which fields are searched. */
  readonly searchLabel?: string;
  /** The screen's own buttons, for the rows that are selected or focused. */
  readonly actionsFor?: (rows: readonly Row[]) => readonly Action[];
  readonly onOpen?: (row: Row) => void;
  readonly onOpenFull?: (row: Row) => void;
  readonly canSeeJson: boolean;
  /** The card of the open row, at the right. */
  readonly card?: ReactNode;
  /** Closes the card on Escape; missing where only a button of its own may. */
  readonly onCloseCard?: () => void;
}

/** The rows, and how loading them goes. */
export interface Rows<Row> {
  readonly rows: readonly Row[];
  readonly total: number;
  readonly phase: 'loading' | 'ready' | 'loading_more' | 'failed';
  readonly onNearEnd?: () => void;
  readonly topKey?: number;
}

/** Heading of a list screen, its list, and the card of the open row. */
export function ListPage(props: {
  readonly title: string;
  readonly note?: string | undefined;
  readonly card?: ReactNode;
  readonly onCloseCard?: (() => void) | undefined;
  readonly children: ReactNode;
}) {
  const screen = useRef<HTMLDivElement>(null);
  useCardFocus(screen, Boolean(props.card), props.onCloseCard);
  return (
    <div ref={screen} className={css.screen}>
      <div className={css.list}>
        <header className={css.title}>
          <h1>{props.title}</h1>
          <ListHelp title={props.title} />
        </header>
        {props.note !== undefined && <p className={css.note}>{props.note}</p>}
        {props.children}
      </div>
      {props.card}
    </div>
  );
}

/** Toolbar, grid and count of a list. */
export function ListFrame<Row>(
  props: ScreenProps<Row> & {
    readonly state: ListState;
    readonly onState: (state: ListState) => void;
    readonly data: Rows<Row>;
    readonly onExport?: (() => void) | undefined;
    /** Over the grid: the pill of new rows, the notice of a failure. */
    readonly over?: ReactNode;
  },
) {
  const { spec, idOf, state, onState, data } = props;
  const t = useText();
  const [selection, setSelection] = useState<Selection>(NOTHING);
  const [json, setJson] = useState<unknown>();

  const chosen = useMemo(() => {
    const ids = new Set(targets(selection));
    return data.rows.filter((row) => ids.has(idOf(row)));
  }, [selection, data.rows, idOf]);
  const filterById = new Map(spec.filters.map((it) => [it.id, it]));

  return (
    <>
      <GridToolbar
        spec={spec}
        state={state}
        onState={onState}
        actions={props.actionsFor?.(chosen) ?? []}
        {...(props.searchLabel !== undefined && { searchLabel: props.searchLabel })}
        onJson={props.canSeeJson ? () => setJson(jsonOf(chosen, data.rows)) : undefined}
        onExport={props.onExport}
      />
      <div className={css.place}>
        {props.over}
        <DataGrid
          label={props.title}
          columns={visibleColumns(spec.columns, state.columns.hidden)}
          widths={state.columns.widths}
          idOf={idOf}
          {...data}
          sort={state.sort}
          onSort={(field, add) => onState(cycleSort(state, spec, field, add))}
          onResize={(id, width) => onState(setWidth(state, id, width))}
          selection={selection}
          onSelection={setSelection}
          {...(props.onOpen && { onOpen: props.onOpen })}
          {...(props.onOpenFull && { onOpenFull: props.onOpenFull })}
          filterOf={(column) => {
            const filter = column.filter === undefined ? undefined : filterById.get(column.filter);
            if (!filter) return null;
            return (
              <FilterField
                filter={filter}
                value={state.filters[filter.id] ?? ''}
                onChange={(value) => onState(setFilter(state, filter.id, value))}
              />
            );
          }}
          empty={
            <ListEmpty
              spec={spec}
              state={state}
              onState={onState}
              text={props.emptyText}
              action={props.emptyAction}
            />
          }
        />
      </div>
      <p className="visually-hidden" role="status">
        {data.phase === 'loading' ? t('list.loading') : ''}
      </p>
      <footer className={css.footer}>
        <span>{t('list.loaded', { loaded: data.rows.length, total: data.total })}</span>
        {selection.selected.size > 1 && (
          <span>{t('list.selected', { count: selection.selected.size })}</span>
        )}
      </footer>
      <JsonViewer value={json} onClose={() => setJson(undefined)} />
    </>
  );
}

/** One record, several, or the whole query if none is chosen. */
function jsonOf<Row>(chosen: readonly Row[], all: readonly Row[]): unknown {
  if (chosen.length === 1) return chosen[0];
  return chosen.length > 0 ? chosen : all;
}
