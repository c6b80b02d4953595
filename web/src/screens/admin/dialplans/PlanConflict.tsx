import { useMemo } from 'react';
import type { Dialplan } from '../../../api/types';
import { useText } from '../../../i18n/I18n';
import { Button } from '../../../ui/Button';
import css from './dialplans.module.css';
import { compared } from './lines';

interface Props {
  readonly mine: string;
  readonly theirs: Dialplan;
  /** The login of who changed it, if it was heard. */
  readonly by: string | undefined;
  readonly onKeepMine: () => void;
  readonly onTakeTheirs: () => void;
}

/** The file as somebody else has left it, beside mine; until it is decided, mine cannot be saved. */
export function PlanConflict({ mine, theirs, by, onKeepMine, onTakeTheirs }: Props) {
  const t = useText();
  const lines = useMemo(() => compared(theirs.text, mine), [theirs.text, mine]);
  return (
    <div className={css.conflict}>
      <div className={css.conflictHead} role="alert">
        <p>
          {by === undefined ? t('admin.plans.changed') : t('admin.plans.changedBy', { who: by })}
        </p>
        <p>{t('admin.plans.conflictHint')}</p>
        <div className={css.buttons}>
          <Button onPress={onKeepMine}>{t('admin.plans.keepMine')}</Button>
          <Button onPress={onTakeTheirs}>{t('admin.plans.takeTheirs')}</Button>
        </div>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
      <div className={css.theirs} tabIndex={0} role="region" aria-label={t('admin.plans.theirs')}>
        <ol className={css.theirsLines}>
          {lines.map((it) => (
            <li key={it.number} data-differs={it.isOnlyHere || undefined}>
              {it.text}
              {'\n'}
            </li>
          ))}
        </ol>
      </div>
    </div>
  );
}
