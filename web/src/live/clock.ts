// One ticker for all running timers, and the difference between this clock and the server's.

const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;
let offset = 0;

/** A `Date` header has whole seconds: less than this says nothing about the clocks. */
const TRUSTED_MS = 2000;

/** The server's time as far as we know it, in Unix milliseconds. */
export const serverNow = (): number => Date.now() + offset;

/** Learns the server's clock from the time in one of its answers. */
export function learnServerTime(at: number): void {
  const seen = at - Date.now();
  offset = Math.abs(seen) < TRUSTED_MS ? 0 : seen;
}

/** Calls back once a second, all listeners at once; the ticker runs only while somebody listens. */
export function subscribeToSeconds(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    for (const it of listeners) it();
  }, 1000);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}
