/**
 * How long something lasts or lasted, in whole seconds that are over, as phones count them: `mm:ss`, from
 * an hour on `h:mm:ss`. What has not begun, by a clock that is ahead or because it never did, is `00:00`.
 */
export function duration(ms: number | null | undefined): string {
  const seconds = Number.isFinite(ms) ? Math.max(0, Math.floor((ms ?? 0) / 1000)) : 0;
  const two = (value: number) => String(value).padStart(2, '0');
  const rest = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return seconds < 3600 ? rest : `${Math.floor(seconds / 3600)}:${rest}`;
}

/**
 * How long the sides of a call talked, as {@link duration}: at least a second where it was answered,
 * since `00:00` says that it was not.
 */
export const talkTime = (ms: number, isAnswered: boolean): string =>
  duration(isAnswered ? Math.max(ms, 1000) : 0);
