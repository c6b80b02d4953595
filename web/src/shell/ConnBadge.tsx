import { useText } from '../i18n/I18n';
import { useLive } from '../live/LiveContext';
import type { Connection } from '../live/store';
import { glyphOf, type Tone } from '../ui/Badge';
import styles from './TopBar.module.css';

const TONES: Readonly<Record<Connection['phase'], Tone>> = {
  connecting: 'notready',
  online: 'ready',
  reconnecting: 'notready',
  offline: 'missed',
  signed_out: 'missed',
  taken_over: 'missed',
};

/** «Подключено / Переподключение… / Нет связи», and the round trip while there is one. */
export function ConnBadge() {
  const t = useText();
  const { phase, rtt } = useLive((it) => it.connection);
  const word = t(`connection.${phase}`);
  const tone = TONES[phase];

  return (
    <span className={styles.state} title={word}>
      <span className={styles.dot} data-tone={tone} aria-hidden="true">
        {glyphOf(tone)}
      </span>
      <span className={phase === 'online' ? styles.connWord : undefined} role="status">
        {word}
      </span>
      {phase === 'online' && rtt !== undefined && (
        <span className={styles.rtt}>{t('connection.rtt', { rtt })}</span>
      )}
    </span>
  );
}
