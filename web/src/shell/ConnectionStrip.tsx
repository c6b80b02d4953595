import { useEffect, useState } from 'react';
import { useText } from '../i18n/I18n';
import { useLive, useLiveConnection } from '../live/LiveContext';
import { Button } from '../ui/Button';
import { Timer } from '../ui/Timer';
import styles from './ConnectionStrip.module.css';
import { useOwnCalls } from './calls';

/** «Данные обновлены.» stays this long. */
const RESYNCED_SHOWN_MS = 2000;

/** Under the top bar while the server cannot be reached, and for a moment when all is well again. */
export function ConnectionStrip() {
  const t = useText();
  const live = useLiveConnection();
  const { phase, lostAt } = useLive((it) => it.connection);
  const isTalking = useOwnCalls().some((it) => it.state === 'talking');
  const isResynced = useJustResynced();
  const since = new Date(lostAt ?? 0).toISOString();

  switch (phase) {
    case 'reconnecting':
      return (
        <p className={styles.strip} data-tone="notready" role="alert">
          {t('connection.reconnecting')}
        </p>
      );
    case 'offline':
      return (
        <p className={styles.strip} data-tone="missed" role="alert">
          <span>{t('connection.lost')}</span> <Timer since={since} />
          <span>{t(isTalking ? 'connection.lostTalking' : 'connection.lostIdle')}</span>
        </p>
      );
    case 'taken_over':
      return (
        <p className={styles.strip} data-tone="missed" role="alert">
          <span>{t('connection.takenOver')}</span>
          <Button onPress={() => live.resume()}>{t('connection.takeBack')}</Button>
        </p>
      );
    case 'connecting':
    case 'signed_out':
    case 'online':
      return isResynced ? (
        <p className={styles.strip} data-tone="ready" role="status">
          {t('connection.resynced')}
        </p>
      ) : null;
  }
}

function useJustResynced(): boolean {
  const resyncs = useLive((it) => it.resyncs);
  const [seen, setSeen] = useState(resyncs);
  useEffect(() => {
    if (resyncs === seen) return undefined;
    const timer = setTimeout(() => setSeen(resyncs), RESYNCED_SHOWN_MS);
    return () => clearTimeout(timer);
  }, [resyncs, seen]);
  return resyncs !== seen;
}
