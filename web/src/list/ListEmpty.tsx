import { Inbox } from 'lucide-react';
import type { ReactNode } from 'react';
import { useText } from '../i18n/I18n';
import css from './ListScreen.module.css';
import { preset } from './period';
import { initialState, type ListSpec, type ListState, reset } from './state';

interface Props {
  readonly spec: ListSpec;
  readonly state: ListState;
  readonly onState: (state: ListState) => void;
  /** For a list in which there has never been anything. */
  readonly text: string;
  readonly action: ReactNode;
}

/** Why a list is empty, and the way out: a longer period, no filter, or the first thing to do. */
export function ListEmpty({ spec, state, onState, text, action }: Props) {
  const t = useText();
  const isFiltered = state.q !== '' || Object.keys(state.filters).length > 0;
  const isWhole = state.period === undefined || isYear(state);

  if (!isFiltered && isWhole) {
    return (
      <div className={css.empty}>
        <Inbox size={28} aria-hidden />
        <p>{text}</p>
        {action}
      </div>
    );
  }
  const wider = isShort(state) ? 'week' : 'year';
  return (
    <div className={css.empty}>
      <p>{t(isFiltered ? 'list.empty.filtered' : 'list.empty.period')}</p>
      <div className={css.offers}>
        {!isWhole && (
          <button type="button" onClick={() => onState({ ...state, period: preset(wider) })}>
            {t(wider === 'week' ? 'list.empty.showWeek' : 'list.empty.showYear')}
          </button>
        )}
        {isFiltered && (
          <button
            type="button"
            onClick={() =>
              onState({
                ...reset(state, spec),
                period: state.period,
                filters: initialState(spec).filters,
              })
            }
          >
            {t('list.empty.resetFilter')}
          </button>
        )}
      </div>
    </div>
  );
}

function isYear(state: ListState): boolean {
  return (
    state.period?.kind === 'preset' && state.period.preset === 'year' && state.period.back === 0
  );
}

function isShort(state: ListState): boolean {
  return (
    state.period?.kind === 'preset' &&
    (state.period.preset === 'today' || state.period.preset === 'yesterday')
  );
}
