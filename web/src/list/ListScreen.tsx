import { CircleHelp } from 'lucide-react';
import { type ReactNode, useCallback, useEffect, useMemo, useState } from 'react';
import { useText } from '../i18n/I18n';
import { type GridSpec, visibleColumns } from './columns';
import { DataGrid } from './DataGrid';
import { FilterField } from './FilterField';
import { GridToolbar } from './GridToolbar';
import { JsonViewer } from './JsonViewer';
import { ListEmpty } from './ListEmpty';
import css from './ListScreen.module.css';
import type { Action } from './OverflowBar';
import type { Pages } from './pages';
import { NOTHING, type Selection, targets } from './selection';
import { cycleSort, type ListState, setFilter, setWidth } from './state';
import { useListState } from './useListState';
import { type FetchRows, usePages } from './usePages';

interface Props<Row> {
  readonly title: string;
  readonly spec: GridSpec<Row>;
  readonly idOf: (row: Row) => string;
  readonly fetchRows: FetchRows<Row>;
  /** One sentence for a list in which there has never been anything. */
  readonly emptyText: string;
  readonly emptyAction?: ReactNode;
  /** Says which fields are searched. */
  readonly searchLabel?: string;
  /** The screen's own buttons, for the rows that are selected or focused. */
  readonly actionsFor?: (rows: readonly Row[]) => readonly Action[];
  readonly onOpen?: (row: Row) => void;
  readonly onOpenFull?: (row: Row) => void;
  /** Calls back whenever something has happened that may belong into the list. */
  readonly watch?: (pages: Pages<Row>) => () => void;
  readonly canSeeJson: boolean;
  /** Where the CSV of this query is; a list without it offers none. */
  readonly exportUrl?: (state: ListState) => string;
  /** The card of the open row, at the right. */
  readonly card?: ReactNode;
  readonly onHelp?: () => void;
}

/** A whole list screen: heading, toolbar, grid, count, and the card of the open row. */
export function ListScreen<Row>(props: Props<Row>) {
  const [state, setState] = useListState(props.spec);
  return (
    <div className={css.screen}>
      <div className={css.list}>
        <header className={css.title}>
          <h1>{props.title}</h1>
          <HelpButton onHelp={props.onHelp} />
        </header>
        {state && <ListBody {...props} state={state} onState={setState} />}
      </div>
      {props.card}
    </div>
  );
}

function HelpButton({ onHelp }: { readonly onHelp: (() => void) | undefined }) {
  const t = useText();
  if (!onHelp) return null;
  return (
    <button type="button" className={css.help} aria-label={t('list.help')} onClick={onHelp}>
      <CircleHelp size={16} aria-hidden />
    </button>
  );
}

function ListBody<Row>(
  props: Props<Row> & {
    readonly state: ListState;
    readonly onState: (state: ListState) => void;
  },
) {
  const { spec, idOf, state, onState, watch } = props;
  const t = useText();
  const [pages, view] = usePages(spec, state, props.fetchRows, idOf);
  const [selection, setSelection] = useState<Selection>(NOTHING);
  const [json, setJson] = useState<unknown>();
  const [topKey, setTopKey] = useState(0);

  useEffect(() => watch?.(pages), [watch, pages]);

  const chosen = useMemo(() => {
    const ids = new Set(targets(selection));
    return view.rows.filter((row) => ids.has(idOf(row)));
  }, [selection, view.rows, idOf]);

  const onNearEnd = useCallback(() => void pages.more(), [pages]);
  const showNew = async () => {
    await pages.showNew();
    setTopKey(topKey + 1);
  };
  const filterById = new Map(spec.filters.map((it) => [it.id, it]));

  return (
    <>
      <GridToolbar
        spec={spec}
        state={state}
        onState={onState}
        actions={props.actionsFor?.(chosen) ?? []}
        {...(props.searchLabel !== undefined && { searchLabel: props.searchLabel })}
        onJson={
          props.canSeeJson
            ? () =>
                setJson(chosen.length === 1 ? chosen[0] : chosen.length > 0 ? chosen : view.rows)
            : undefined
        }
        onExport={props.exportUrl ? () => download(props.exportUrl?.(state) ?? '') : undefined}
      />
      <div className={css.place}>
        {view.waiting > 0 && (
          <button type="button" className={css.pill} onClick={showNew}>
            {t('list.showNew', { count: view.waiting })}
            {view.isWaitingAtLeast && '+'}
          </button>
        )}
        <DataGrid
          label={props.title}
          columns={visibleColumns(spec.columns, state.columns.hidden)}
          widths={state.columns.widths}
          rows={view.rows}
          idOf={idOf}
          total={view.total}
          phase={view.phase}
          sort={state.sort}
          onSort={(field, add) => onState(cycleSort(state, spec, field, add))}
          onResize={(id, width) => onState(setWidth(state, id, width))}
          selection={selection}
          onSelection={setSelection}
          onNearEnd={onNearEnd}
          topKey={topKey}
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
        {view.phase === 'failed' && (
          <Failed
            error={view.error}
            onRetry={() => void (view.rows.length > 0 ? pages.more() : pages.start())}
          />
        )}
      </div>
      <footer className={css.footer}>
        <span>{t('list.loaded', { loaded: view.rows.length, total: view.total })}</span>
        {selection.selected.size > 1 && (
          <span>{t('list.selected', { count: selection.selected.size })}</span>
        )}
      </footer>
      <JsonViewer value={json} onClose={() => setJson(undefined)} />
    </>
  );
}

function Failed({ error, onRetry }: { readonly error: unknown; readonly onRetry: () => void }) {
  const t = useText();
  const isForbidden = error instanceof Error && 'code' in error && error.code === 'forbidden';
  return (
    <div className={css.failed} role="alert">
      <p>{isForbidden ? t('list.noRight') : t('list.failed')}</p>
      {!isForbidden && (
        <button type="button" onClick={onRetry}>
          {t('list.retry')}
        </button>
      )}
    </div>
  );
}

/** The server sends the file with a name of its own. */
function download(url: string): void {
  const link = document.createElement('a');
  link.href = url;
  link.download = '';
  link.click();
}
