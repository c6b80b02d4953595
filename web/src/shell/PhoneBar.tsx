import { Link } from '@tanstack/react-router';
import { PhoneOff } from 'lucide-react';
import type { ActiveCall } from '../api/types';
import { useText } from '../i18n/I18n';
import { useLive } from '../live/LiveContext';
import { Badge } from '../ui/Badge';
import { Button } from '../ui/Button';
import { LineBadge } from '../ui/LineBadge';
import { Timer } from '../ui/Timer';
import { otherSide, timerOf, useOwnCalls } from './calls';
import { CALL_TONES } from './callTones';
import styles from './PhoneBar.module.css';
import { RecordButton, RecordingMark } from './RecordButton';
import { useHangup } from './useHangup';

/** Always at the bottom: the line, its live calls, and the way to end one. */
export function PhoneBar() {
  const t = useText();
  const calls = useOwnCalls();
  const lines = useLive((it) => it.myLines);
  const isLoaded = useLive((it) => it.isLoaded);
  const isRinging = calls.some((it) => it.state === 'ringing');

  return (
    <section
      className={styles.bar}
      aria-label={t('phone.label')}
      data-tone={isRinging ? 'ring' : undefined}
      // A dialog must not keep anybody from ending a call.
      data-react-aria-top-layer="true"
    >
      {isLoaded &&
        (lines.length === 0 ? (
          <p className={styles.hint}>{t('phone.noLine')}</p>
        ) : (
          <ul className={styles.lines}>
            {lines.slice(0, 2).map((it) => (
              <li key={it.id}>
                <strong>{it.number}</strong>
                <LineBadge status={it.status} />
              </li>
            ))}
          </ul>
        ))}
      {calls.map((it) => (
        <OwnCall key={it.id} call={it} />
      ))}
      {calls.length === 0 && lines.length > 0 && <p className={styles.hint}>{t('phone.noDial')}</p>}
    </section>
  );
}

function OwnCall({ call }: { call: ActiveCall }) {
  const t = useText();
  const lines = useLive((it) => it.myLines);
  const { hangUp, isPending } = useHangup(call);
  const { number, name } = otherSide(call, lines);
  const tone = CALL_TONES[call.state];

  return (
    <div className={styles.call} data-tone={tone}>
      <Link to="/workspace/call/$id" params={{ id: call.id }} className={styles.who}>
        <strong>{name ?? number}</strong>
        <span>{name ? number : t(`direction.${call.direction}`)}</span>
      </Link>
      <Badge tone={tone}>{t(`call_state.${call.state}`)}</Badge>
      <RecordingMark call={call} />
      <Timer since={timerOf(call)} className={styles.timer} />
      <RecordButton call={call} />
      {call.actions.includes('hangup') && (
        <Button
          kind="danger"
          icon={PhoneOff}
          className={styles.hangup}
          isDisabled={isPending}
          onPress={hangUp}
        >
          {t('call.hangup')}
        </Button>
      )}
    </div>
  );
}
