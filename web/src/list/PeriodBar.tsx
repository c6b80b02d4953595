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
import { localZone } from './zone';

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

/** Two moments; a range comes into force when both are real and the person leaves the field. */
function RangeFields({
  fields,
  onChange,
}: {
  readonly fields: { from: string; to: string };
  readonly onChange: (period: Period) => void;
}) {
  const t = useText();
  const [draft, setDraft] = useState(fields);
  useEffect(() => setDraft({ from: fields.from, to: fields.to }), [fields.from, fields.to]);

  const commit = () => {
    if (draft.from === fields.from && draft.to === fields.to) return;
    const period = range(draft.from, draft.to);
    if (period) onChange(period);
    else setDraft(fields);
  };

  return (
    <div className={css.range}>
      <span>{t('list.period.label')}</span>
      {(['from', 'to'] as const).map((side) => (
        <label key={side}>
          {t(`list.period.${side}`)}
          <input
            type="datetime-local"
            className={css.field}
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
