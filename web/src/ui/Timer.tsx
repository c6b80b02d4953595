import { useSyncExternalStore } from 'react';
import { serverNow, subscribeToSeconds } from '../live/clock';

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

/** `mm:ss`, from an hour on `h:mm:ss`; a clock that is ahead of the server's shows 00:00. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (n: number) => String(n).padStart(2, '0');
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${two(m)}:${two(s)}`;
}
