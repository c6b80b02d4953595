import { ChevronLeft, ChevronRight } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useText } from '../i18n/I18n';
import { cx } from '../ui/cx';
import {
  canGoNext,
  fieldsOf,
  isPreset,
  next,
  type Period,
  PRESETS,
  preset,
  previous,
  range,
} from './period';
import css from './Toolbar.module.css';
import { localZone, wallFromText, wallFromWritten, wallToText, wallToWritten } from './zone';

interface Props {
  readonly period: Period;
  readonly onChange: (period: Period) => void;
  /** Unix milliseconds; a test sets its own. */
  readonly now?: number;
  readonly zone?: string;
}

/** `<` `>`, the presets and the fields «Период: с … по …». */
export function PeriodBar({ period, onChange, now = Date.now(), zone = localZone() }: Props) {
  const t = useText();
  return (
    <div className={css.period} role="group" aria-label={t('list.period')}>
      <div className={css.joined}>
        <button
          type="button"
          className={cx(css.button, css.icon)}
          aria-label={t('list.previous')}
          title={t('list.previous')}
          onClick={() => onChange(previous(period))}
        >
          <ChevronLeft size={16} aria-hidden />
        </button>
        <button
          type="button"
          className={cx(css.button, css.icon)}
          aria-label={t('list.next')}
          title={t('list.next')}
          disabled={!canGoNext(period)}
          onClick={() => onChange(next(period))}
        >
          <ChevronRight size={16} aria-hidden />
        </button>
      </div>
      <div className={css.joined}>
        {PRESETS.map((name) => (
          <button
            key={name}
            type="button"
            className={css.button}
            aria-pressed={isPreset(period, name)}
            onClick={() => onChange(preset(name))}
          >
            {t(`list.period.${name}`)}
          </button>
        ))}
      </div>
      <RangeFields fields={fieldsOf(period, now, zone)} onChange={onChange} />
    </div>
  );
}

function written(field: string): string {
  const wall = wallFromText(field);
  return wall ? wallToWritten(wall) : '';
}

/** Two moments; a range comes into force when both are real and the person leaves the field. */
function RangeFields({
  fields,
  onChange,
}: {
  readonly fields: { from: string; to: string };
  readonly onChange: (period: Period) => void;
}) {
  const t = useText();
  const shown = { from: written(fields.from), to: written(fields.to) };
  const [draft, setDraft] = useState(shown);
  useEffect(() => setDraft({ from: shown.from, to: shown.to }), [shown.from, shown.to]);

  const commit = () => {
    if (draft.from === shown.from && draft.to === shown.to) return;
    const [from, to] = [wallFromWritten(draft.from), wallFromWritten(draft.to)];
    const period = from && to && range(wallToText(from), wallToText(to));
    if (period) onChange(period);
    else setDraft(shown);
  };

  return (
    <div className={css.range}>
      <span>{t('list.period.label')}</span>
      {(['from', 'to'] as const).map((side) => (
        <label key={side}>
          {t(`list.period.${side}`)}
          <input
            type="text"
            inputMode="numeric"
            className={css.field}
            placeholder={t('list.period.format')}
            size={15}
            value={draft[side]}
            onChange={(event) => setDraft({ ...draft, [side]: event.target.value })}
            onBlur={commit}
            onKeyDown={(event) => {
              if (event.key === 'Enter') commit();
            }}
          />
        </label>
      ))}
    </div>
  );
}
