import type { LineStatus } from '../../api/types';
import { useText } from '../../i18n/I18n';
import { glyphOf } from '../../ui/Badge';
import { LINE_TONES } from '../../ui/LineBadge';
import css from './phones.module.css';

const SHOWN: readonly LineStatus[] = ['idle', 'ringing', 'talking', 'held', 'unregistered'];

/** What the colours mean, in words and glyphs. */
export function Legend() {
  const t = useText();
  return (
    <ul className={css.legend} aria-label={t('phones.legend')}>
      {SHOWN.map((status) => (
        <li key={status} data-tone={LINE_TONES[status]}>
          <span aria-hidden="true">{glyphOf(LINE_TONES[status])}</span>
          {t(`line_status.${status}`)}
        </li>
      ))}
    </ul>
  );
}
