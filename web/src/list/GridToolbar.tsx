import { Braces, Columns3, Download, Funnel, RotateCcw, X } from 'lucide-react';
import { useState } from 'react';
import { useText } from '../i18n/I18n';
import { ColumnChooser } from './ColumnChooser';
import type { GridFilter, GridSpec } from './columns';
import { FilterField } from './FilterField';
import { type Action, OverflowBar } from './OverflowBar';
import { PeriodBar } from './PeriodBar';
import { SearchBox } from './SearchBox';
import {
  isAsAtFirst,
  type ListState,
  reset,
  SEARCH_LENGTH_MAX,
  setFilter,
  setWidth,
  toggleColumn,
} from './state';
import css from './Toolbar.module.css';

interface Props<Row> {
  readonly spec: GridSpec<Row>;
  readonly state: ListState;
  readonly onState: (state: ListState) => void;
  /** Says which fields are searched; a list that is not searched has none. */
  readonly searchLabel?: string;
  /** What the screen does with its rows, first in the bar. */
  readonly actions?: readonly Action[];
  /** Opens the raw record; only for the right `ui.json`. */
  readonly onJson?: (() => void) | undefined;
  readonly onExport?: (() => void) | undefined;
}

/** Above every list: search, actions, period, filters and the chips of those in force. */
export function GridToolbar<Row>(props: Props<Row>) {
  const { spec, state, onState } = props;
  const t = useText();
  const [isFilterOpen, setFilterOpen] = useState(Object.keys(state.filters).length > 0);
  const [isChooserOpen, setChooserOpen] = useState(false);
  const underHeaders = new Set(spec.columns.map((it) => it.filter));
  const inRow = spec.filters.filter((it) => !underHeaders.has(it.id));

  const actions: Action[] = [
    ...(props.actions ?? []),
    {
      id: 'reset',
      label: t('list.reset'),
      icon: RotateCcw,
      isDisabled: isAsAtFirst(state, spec),
      onPress: () => onState(reset(state, spec)),
    },
  ];
  if (inRow.length > 0) {
    actions.push({
      id: 'filter',
      label: t('list.filter'),
      icon: Funnel,
      isPressed: isFilterOpen,
      onPress: () => setFilterOpen(!isFilterOpen),
    });
  }
  if (props.onJson) {
    actions.push({ id: 'json', label: t('list.json'), icon: Braces, onPress: props.onJson });
  }
  if (props.onExport) {
    actions.push({
      id: 'export',
      label: t('list.export'),
      icon: Download,
      onPress: props.onExport,
      isMenuOnly: true,
    });
  }
  actions.push({
    id: 'columns',
    label: t('list.columns'),
    icon: Columns3,
    onPress: () => setChooserOpen(true),
    isMenuOnly: true,
  });

  return (
    <div className={css.toolbar}>
      <div className={css.line}>
        {props.searchLabel !== undefined && (
          <SearchBox
            isSearch
            label={t('list.search')}
            placeholder={props.searchLabel}
            value={state.q}
            onChange={(q) => onState({ ...state, q })}
            lengthMax={SEARCH_LENGTH_MAX}
          />
        )}
        <OverflowBar label={t('list.actions')} actions={actions} />
      </div>
      {state.period && (
        <PeriodBar period={state.period} onChange={(period) => onState({ ...state, period })} />
      )}
      {isFilterOpen && inRow.length > 0 && (
        <div className={css.filters}>
          {inRow.map((filter) => (
            <div key={filter.id} className={css.filter}>
              <span aria-hidden="true">{t(filter.label)}</span>
              <FilterField
                filter={filter}
                value={state.filters[filter.id] ?? ''}
                onChange={(value) => onState(setFilter(state, filter.id, value))}
              />
            </div>
          ))}
        </div>
      )}
      <FilterChips
        filters={spec.filters}
        values={state.filters}
        onClear={(id) => onState(setFilter(state, id, ''))}
      />
      <ColumnChooser
        isOpen={isChooserOpen}
        onClose={() => setChooserOpen(false)}
        columns={spec.columns}
        state={state.columns}
        onToggle={(id) => onState(toggleColumn(state, spec, id))}
        onWidth={(id, width) => onState(setWidth(state, id, width))}
      />
    </div>
  );
}

function FilterChips({
  filters,
  values,
  onClear,
}: {
  readonly filters: readonly GridFilter[];
  readonly values: Readonly<Record<string, string>>;
  readonly onClear: (id: string) => void;
}) {
  const t = useText();
  const active = filters.filter((it) => (values[it.id] ?? '') !== '');
  if (active.length === 0) return null;
  return (
    <ul className={css.chips} aria-label={t('list.filtersInForce')}>
      {active.map((filter) => {
        const code = values[filter.id] ?? '';
        const label = t(filter.label);
        return (
          <li key={filter.id} className={css.chip}>
            <span>
              {label}: <bdi>{(filter.options && filter.optionLabel?.(code)) ?? code}</bdi>
            </span>
            <button
              type="button"
              aria-label={t('list.clear', { field: label })}
              onClick={() => onClear(filter.id)}
            >
              <X size={14} aria-hidden />
            </button>
          </li>
        );
      })}
    </ul>
  );
}
