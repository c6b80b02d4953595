import { Link, useParams } from '@tanstack/react-router';
import { Phone } from 'lucide-react';
import { useText } from '../i18n/I18n';
import { useLive } from '../live/LiveContext';
import { glyphOf } from '../ui/Badge';
import { Timer } from '../ui/Timer';
import styles from './ConvTabs.module.css';
import { otherSide, timerOf, useOwnCalls } from './calls';
import { CALL_TONES } from './callTones';

/** The strip of live calls, to switch between them. */
export function ConvTabs() {
  const t = useText();
  const calls = useOwnCalls();
  const lines = useLive((it) => it.myLines);
  const { id } = useParams({ strict: false });
  if (calls.length === 0) return null;

  return (
    <nav className={styles.strip} aria-label={t('tabs.label')}>
      {calls.map((call) => {
        const { number, name } = otherSide(call, lines);
        const tone = CALL_TONES[call.state];
        return (
          <Link
            key={call.id}
            to="/workspace/call/$id"
            params={{ id: call.id }}
            className={styles.tab}
            aria-current={call.id === id ? 'page' : undefined}
            data-tone={tone}
          >
            <Phone size={14} aria-hidden />
            <span className={styles.who}>{name ?? number}</span>
            <span aria-hidden="true">{glyphOf(tone)}</span>
            <span className="visually-hidden">{t(`call_state.${call.state}`)}</span>
            <Timer since={timerOf(call)} />
          </Link>
        );
      })}
    </nav>
  );
}
