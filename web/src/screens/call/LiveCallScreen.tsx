import { useParams } from '@tanstack/react-router';
import { PhoneOff } from 'lucide-react';
import { useEffect } from 'react';
import type { ActiveCall } from '../../api/types';
import { useText } from '../../i18n/I18n';
import { useLive } from '../../live/LiveContext';
import { timerOf, useOwnCalls } from '../../shell/calls';
import { CALL_TONES } from '../../shell/callTones';
import { RecordButton, RecordingMark } from '../../shell/RecordButton';
import { useHangup } from '../../shell/useHangup';
import { Badge, type Tone } from '../../ui/Badge';
import { Button } from '../../ui/Button';
import { EmptyState } from '../../ui/States';
import { Timer } from '../../ui/Timer';
import styles from './LiveCallScreen.module.css';

const LEG_TONES: Readonly<Record<ActiveCall['legs'][number]['state'], Tone>> = {
  dialing: 'ring',
  ringing: 'ring',
  talking: 'talk',
  held: 'hold',
  waiting: 'hold',
  ended: 'off',
};

/** A live call: who with whom, each side's state, and how long. */
export function LiveCallScreen() {
  const t = useText();
  const { id } = useParams({ from: '/signed-in/workspace/call/$id' });
  const call = useLive((it) => it.calls.get(id));
  const isLoaded = useLive((it) => it.isLoaded);
  if (!isLoaded) return null;

  return call ? (
    <LiveCall call={call} />
  ) : (
    <EmptyState icon={PhoneOff}>{t('call.over')}</EmptyState>
  );
}

function LiveCall({ call }: { call: ActiveCall }) {
  const t = useText();
  const { hangUp, isPending } = useHangup(call);
  const isOwn = useOwnCalls().some((it) => it.id === call.id);
  const unknown = t('call.unknown');
  const callee = call.legs.find((it) => it.role === 'callee');
  const sideA = call.caller.name || call.caller.number || unknown;
  const sideB = callee?.name || callee?.number || call.dialled || unknown;
  const title = t('call.between', { a: sideA, b: sideB });
  useEffect(() => {
    document.title = `${title} · Tandem`;
  }, [title]);

  return (
    <div className={styles.screen}>
      <header className={styles.header}>
        <h1>{title}</h1>
        <Badge tone={CALL_TONES[call.state]}>{t(`call_state.${call.state}`)}</Badge>
        <RecordingMark call={call} />
        <Timer since={timerOf(call)} className={styles.timer} />
        {isOwn && <RecordButton call={call} />}
        {call.actions.includes('hangup') && (
          <Button kind="danger" icon={PhoneOff} isDisabled={isPending} onPress={hangUp}>
            {t('call.hangup')}
          </Button>
        )}
      </header>
      <dl className={styles.facts}>
        <div>
          <dt>{t('call.direction')}</dt>
          <dd>{t(`direction.${call.direction}`)}</dd>
        </div>
        <div>
          <dt>{t('call.dialled')}</dt>
          <dd>{call.dialled}</dd>
        </div>
      </dl>
      <table className={styles.legs}>
        <thead>
          <tr>
            <th scope="col">{t('call.side')}</th>
            <th scope="col">{t('call.number')}</th>
            <th scope="col">{t('call.name')}</th>
            <th scope="col">{t('call.state')}</th>
            <th scope="col">{t('call.since')}</th>
          </tr>
        </thead>
        <tbody>
          {call.legs.map((it) => (
            <tr key={it.id}>
              <th scope="row">{t(it.role === 'caller' ? 'call.sideA' : 'call.sideB')}</th>
              <td>{it.number || unknown}</td>
              <td>{it.name}</td>
              <td>
                <Badge tone={LEG_TONES[it.state]}>{t(`leg_state.${it.state}`)}</Badge>
              </td>
              <td>
                <Timer since={it.since} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className={styles.note}>{t('call.cardNotBuilt')}</p>
    </div>
  );
}
