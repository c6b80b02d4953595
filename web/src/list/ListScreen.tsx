import { useCallback, useEffect, useState } from 'react';
import { useText } from '../i18n/I18n';
import { useResync } from '../live/LiveContext';
import { ListFrame, ListPage, type ScreenProps } from './ListFrame';
import css from './ListScreen.module.css';
import type { Pages } from './pages';
import type { ListState } from './state';
import { useListState } from './useListState';
import { type FetchRows, usePages } from './usePages';

interface Props<Row> extends ScreenProps<Row> {
  readonly fetchRows: FetchRows<Row>;
  /** Asks the list to look for new rows whenever something has happened; returns how to stop. */
  readonly watch?: (pages: Pages<Row>) => () => void;
  /** Where the CSV of this query is; a list without it offers none. */
  readonly exportUrl?: (state: ListState) => string;
}

/** A list screen whose rows the server searches, sorts and sends page by page. */
export function ListScreen<Row>(props: Props<Row>) {
  const [state, setState] = useListState(props.spec);
  return (
    <ListPage
      title={props.title}
      note={props.note}
      card={props.card}
      onCloseCard={props.onCloseCard}
    >
      {state && <ListBody {...props} state={state} onState={setState} />}
    </ListPage>
  );
}

function ListBody<Row>(
  props: Props<Row> & {
    readonly state: ListState;
    readonly onState: (state: ListState) => void;
  },
) {
  const { spec, idOf, state, watch, exportUrl } = props;
  const t = useText();
  const [pages, view] = usePages(spec, state, props.fetchRows, idOf);
  const [topKey, setTopKey] = useState(0);

  useEffect(() => watch?.(pages), [watch, pages]);
  useResync(() => void pages.catchUp());

  const onNearEnd = useCallback(() => void pages.more(), [pages]);
  const showNew = async () => {
    await pages.showNew();
    setTopKey((key) => key + 1);
  };

  return (
    <ListFrame
      {...props}
      data={{ rows: view.rows, total: view.total, phase: view.phase, onNearEnd, topKey }}
      onExport={exportUrl ? () => download(exportUrl(state)) : undefined}
      over={
        <>
          {view.waiting > 0 && (
            <button type="button" className={css.pill} onClick={showNew}>
              {t('list.showNew', { count: view.waiting })}
              {view.isWaitingAtLeast && '+'}
            </button>
          )}
          {view.phase === 'failed' && (
            <Failed error={view.error} onRetry={() => void pages.retry()} />
          )}
        </>
      }
    />
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
