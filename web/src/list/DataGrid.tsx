import {
  type KeyboardEvent,
  type MouseEvent,
  type ReactNode,
  type RefObject,
  useCallback,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
} from 'react';
import { type GridColumn, tracksOf, widthOf } from './columns';
import css from './DataGrid.module.css';
import { GridHeader, type HeaderProps } from './GridHeader';
import { GridRow } from './GridRow';
import { follow, type Selection, type SelectionInput, select } from './selection';
import { isNearEnd, rowsPerPage, scrollTo, sliceOf } from './viewport';

interface Props<Row> extends Pick<HeaderProps<Row>, 'sort' | 'onSort' | 'onResize' | 'filterOf'> {
  readonly label: string;
  readonly columns: readonly GridColumn<Row>[];
  readonly widths: Readonly<Record<string, number>>;
  readonly rows: readonly Row[];
  readonly idOf: (row: Row) => string;
  readonly total: number;
  readonly phase: 'loading' | 'ready' | 'loading_more' | 'failed';
  /** Shown instead of rows when there are none. */
  readonly empty: ReactNode;
  readonly selection: Selection;
  readonly onSelection: (selection: Selection) => void;
  /** Enter, or a click on the row that is selected already: the card. */
  readonly onOpen?: (row: Row) => void;
  /** Double click: the card on a page of its own. */
  readonly onOpenFull?: (row: Row) => void;
  readonly onNearEnd?: () => void;
  /** Raised to scroll back to the top, as after «Показать новые». */
  readonly topKey?: number;
}

const SKELETON_ROWS_FIRST = 12;
const SKELETON_ROWS_MORE = 3;

/** Every list of the panel: sorted by the server, drawn by the screenful, driven by the keyboard. */
export function DataGrid<Row>(props: Props<Row>) {
  const { rows, idOf, columns, widths, selection, onSelection, onNearEnd, phase } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const head = useRef<HTMLDivElement>(null);
  const view = useViewport(scroller, head);
  const ids = useFollowedIds(rows, idOf, selection, onSelection);
  const slice = sliceOf(rows.length, view.rowHeight, view.scrollTop, view.height);
  const tracks = tracksOf(columns, widths);

  const nearEnd = rows.length > 0 && isNearEnd(slice, rows.length);
  useEffect(() => {
    if (nearEnd && phase === 'ready') onNearEnd?.();
  }, [nearEnd, phase, onNearEnd]);

  useTopKey(scroller, props.topKey);

  const apply = (input: SelectionInput) => {
    const after = select(selection, input, ids, rowsPerPage(view.rowHeight, view.height));
    if (after === selection) return false;
    onSelection(after);
    const index = after.focus === undefined ? -1 : ids.indexOf(after.focus);
    const place = scroller.current;
    if (place && index >= 0 && after.focus !== selection.focus) {
      place.scrollTop = scrollTo(index, view.rowHeight, place.scrollTop, view.height);
    }
    return true;
  };

  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>) => {
    const isOnRow = (event.target as HTMLElement).closest('[data-row]') !== null;
    if (!isOnRow || event.altKey) return;
    const row = rows.find((it) => idOf(it) === selection.focus) ?? rows[0];
    if (event.key === 'Enter' && row !== undefined && isRowItself(event)) {
      event.preventDefault();
      props.onOpen?.(row);
      return;
    }
    if (event.key === ' ' && !isRowItself(event)) return;
    const input = {
      kind: 'key',
      key: event.key,
      shift: event.shiftKey,
      ctrl: event.ctrlKey || event.metaKey,
    } as const;
    // An arrow at the end of the list moves nothing, and the page must not scroll instead.
    if (apply(input) || NAVIGATION.has(event.key)) event.preventDefault();
  };

  const onClick = (event: MouseEvent, id: string) => {
    if ((event.target as HTMLElement).closest('button, a, input, select')) return;
    apply({ kind: 'click', id, shift: event.shiftKey, ctrl: event.ctrlKey || event.metaKey });
  };

  useFocusFollows(scroller, selection.focus);

  const drawn = indexesToDraw(slice.first, slice.last, ids, selection.focus);
  const tabStop =
    selection.focus !== undefined && ids.includes(selection.focus) ? selection.focus : ids[0];
  const skeletons =
    phase === 'loading' ? SKELETON_ROWS_FIRST : phase === 'loading_more' ? SKELETON_ROWS_MORE : 0;
  const bodyRows = (phase === 'loading' ? 0 : rows.length) + skeletons;
  const isEmpty = rows.length === 0 && phase === 'ready';

  return (
    <div
      ref={scroller}
      className={css.grid}
      role="grid"
      tabIndex={-1}
      aria-label={props.label}
      aria-rowcount={phase === 'loading' ? -1 : props.total + 1}
      aria-colcount={columns.length}
      aria-multiselectable="true"
      aria-busy={phase === 'loading' || phase === 'loading_more'}
      onKeyDown={onKeyDown}
    >
      <div className={css.sheet} style={{ minWidth: widthOf(columns, widths) }}>
        <div ref={head} className={css.head}>
          <GridHeader
            columns={columns}
            tracks={tracks}
            sort={props.sort}
            onSort={props.onSort}
            onResize={props.onResize}
            filterOf={props.filterOf}
          />
        </div>
        {isEmpty ? (
          <div className={css.empty} role="rowgroup">
            <div role="row">
              <div role="gridcell" aria-colspan={columns.length}>
                {props.empty}
              </div>
            </div>
          </div>
        ) : (
          <div role="rowgroup" className={css.body} style={{ height: bodyRows * view.rowHeight }}>
            {phase !== 'loading' &&
              drawn.map((index) => {
                const row = rows[index];
                if (row === undefined) return null;
                const id = idOf(row);
                return (
                  <GridRow
                    key={id}
                    id={id}
                    row={row}
                    index={index}
                    top={index * view.rowHeight}
                    columns={columns}
                    tracks={tracks}
                    isSelected={selection.selected.has(id)}
                    isTabStop={id === tabStop}
                    onClick={onClick}
                    onFocus={(focused) => {
                      // A press focuses before it clicks: with Shift the anchor must still be there.
                      if (focused !== selection.focus)
                        onSelection({ ...selection, focus: focused });
                    }}
                    onDoubleClick={() => (props.onOpenFull ?? props.onOpen)?.(row)}
                  />
                );
              })}
            {Array.from({ length: skeletons }, (_, index) => (
              <div
                // biome-ignore lint/suspicious/noArrayIndexKey: skeletons are all alike
                key={`skeleton-${index}`}
                className={css.skeleton}
                style={{
                  top: (bodyRows - skeletons + index) * view.rowHeight,
                  gridTemplateColumns: tracks,
                }}
                aria-hidden="true"
              >
                {columns.map((column) => (
                  <span key={column.id} />
                ))}
              </div>
            ))}
          </div>
        )}
      </div>
    </div>
  );
}

const NAVIGATION = new Set(['ArrowDown', 'ArrowUp', 'PageDown', 'PageUp', 'Home', 'End', ' ']);

interface Viewport {
  readonly scrollTop: number;
  readonly height: number;
  readonly rowHeight: number;
}

/** Watches the scroll position, the room for rows and the density. */
function useViewport(
  scroller: RefObject<HTMLDivElement | null>,
  head: RefObject<HTMLDivElement | null>,
): Viewport {
  const [view, setView] = useState<Viewport>({ scrollTop: 0, height: 0, rowHeight: ROW_HEIGHT });

  useLayoutEffect(() => {
    const place = scroller.current;
    if (!place) return undefined;
    const measure = () => {
      const next = {
        scrollTop: place.scrollTop,
        height: Math.max(0, place.clientHeight - (head.current?.offsetHeight ?? 0)),
        rowHeight:
          Number.parseFloat(getComputedStyle(place).getPropertyValue('--row')) || ROW_HEIGHT,
      };
      setView((before) =>
        before.scrollTop === next.scrollTop &&
        before.height === next.height &&
        before.rowHeight === next.rowHeight
          ? before
          : next,
      );
    };
    measure();
    place.addEventListener('scroll', measure, { passive: true });
    const sizes = new ResizeObserver(measure);
    sizes.observe(place);
    const density = new MutationObserver(measure);
    density.observe(document.documentElement, { attributeFilter: ['data-density'] });
    return () => {
      place.removeEventListener('scroll', measure);
      sizes.disconnect();
      density.disconnect();
    };
  }, [scroller, head]);

  return view;
}

/** The density «Обычно», for where no style sheet is loaded. */
const ROW_HEIGHT = 32;

/** The ids of the rows; the selection is led along when rows come and go. */
function useFollowedIds<Row>(
  rows: readonly Row[],
  idOf: (row: Row) => string,
  selection: Selection,
  onSelection: (selection: Selection) => void,
): readonly string[] {
  const ids = rows.map(idOf);
  const before = useRef<readonly string[]>(ids);
  useLayoutEffect(() => {
    const after = follow(selection, before.current, ids);
    before.current = ids;
    if (after !== selection) onSelection(after);
  });
  return ids;
}

/**
 * While the focus is among the rows, it goes where the selection says. A row that is no longer drawn
 * loses the focus to the page without a word, so whether it was here is remembered.
 */
function useFocusFollows(
  scroller: RefObject<HTMLDivElement | null>,
  focus: string | undefined,
): void {
  const isHere = useRef(false);

  useEffect(() => {
    const place = scroller.current;
    if (!place) return undefined;
    const onFocusIn = (event: FocusEvent) => {
      isHere.current = (event.target as Element).closest('[data-row]') !== null;
    };
    const onFocusOut = (event: FocusEvent) => {
      if (event.relatedTarget !== null) isHere.current = false;
    };
    place.addEventListener('focusin', onFocusIn);
    place.addEventListener('focusout', onFocusOut);
    return () => {
      place.removeEventListener('focusin', onFocusIn);
      place.removeEventListener('focusout', onFocusOut);
    };
  }, [scroller]);

  useLayoutEffect(() => {
    if (focus === undefined || !isHere.current) return;
    const row = scroller.current?.querySelector<HTMLElement>(`[data-row="${CSS.escape(focus)}"]`);
    if (row && !row.contains(document.activeElement)) row.focus({ preventScroll: true });
  }, [scroller, focus]);
}

function useTopKey(scroller: RefObject<HTMLDivElement | null>, topKey: number | undefined): void {
  const seen = useRef(topKey);
  const toTop = useCallback(() => {
    if (scroller.current) scroller.current.scrollTop = 0;
  }, [scroller]);
  useLayoutEffect(() => {
    if (seen.current !== topKey) toTop();
    seen.current = topKey;
  }, [topKey, toTop]);
}

/** The slice, and the focused row wherever it is: a row that goes takes the focus with it. */
function indexesToDraw(
  first: number,
  last: number,
  ids: readonly string[],
  focus: string | undefined,
): number[] {
  const drawn = Array.from({ length: last - first }, (_, offset) => first + offset);
  const focused = focus === undefined ? -1 : ids.indexOf(focus);
  if (focused >= 0 && (focused < first || focused >= last)) drawn.push(focused);
  return drawn;
}

function isRowItself(event: KeyboardEvent): boolean {
  return (event.target as HTMLElement).hasAttribute('data-row');
}
