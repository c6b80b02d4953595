import { useSyncExternalStore } from 'react';
import { serverNow, subscribeToSeconds } from '../live/clock';
import { duration } from './duration';

/** How long something has lasted, running: `01:12`, from an hour on `1:01:12`. */
export function Timer({ since, className }: { since: string; className?: string | undefined }) {
  const start = Date.parse(since);
  const text = useSyncExternalStore(subscribeToSeconds, () => duration(serverNow() - start));
  return (
    <span className={className} role="timer">
      {text}
    </span>
  );
}
