// What the server's figures mean. Knows no React.

import type { Health } from '../../../api/types';

/** Figures, and when they were read (ms). */
export interface Sample {
  readonly at: number;
  readonly health: Health;
}

/** Something that the administrator should see to. */
export type Trouble = 'not_ready' | 'database_down' | 'database_slow' | 'spool_waits' | 'disk_low';

/** What is wrong, the worst first. */
export function troublesOf(it: Health): readonly Trouble[] {
  const found: Trouble[] = [];
  if (!it.database.ok) found.push('database_down');
  else if (it.database.latency_ms > SLOW_MS) found.push('database_slow');
  if (!it.ready) found.push('not_ready');
  if (it.spool.bytes > SPOOL_BYTES_MAX) found.push('spool_waits');
  if (it.disk_free_bytes !== null && it.disk_free_bytes < DISK_BYTES_MIN) found.push('disk_low');
  return found;
}

/** The samples with one more, as many as are drawn; a restart begins anew. */
export function withSample(samples: readonly Sample[], next: Sample): readonly Sample[] {
  const last = samples.at(-1);
  if (last && last.at >= next.at) return samples;
  const isSameRun = last !== undefined && next.health.uptime_s >= last.health.uptime_s;
  return isSameRun ? [...samples, next].slice(-SAMPLES_MAX) : [next];
}

/** Processor use between the last two samples, in % of one core; `undefined` until there are two. */
export function cpuShares(samples: readonly Sample[]): readonly number[] {
  return samples.slice(1).map((it, index) => {
    const before = samples[index] ?? it;
    const spent = it.health.cpu_s - before.health.cpu_s;
    return Math.max(0, (100 * spent * 1000) / (it.at - before.at));
  });
}

/** `1,5 ГБ`: three figures at most. */
export function bytes(count: number, locale: string): string {
  let [value, unit] = [count, 0];
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return new Intl.NumberFormat(locale, {
    style: 'unit',
    unit: UNITS[unit],
    maximumFractionDigits: value < 100 && unit > 0 ? 1 : 0,
  }).format(value);
}

/** Points of a line over `values` in a box, the greatest at its top; nothing for less than two. */
export function linePoints(values: readonly number[], width: number, height: number): string {
  if (values.length < 2) return '';
  const top = Math.max(...values, Number.MIN_VALUE);
  return values
    .map((it, index) => {
      const x = (index * width) / (SAMPLES_MAX - 1) + width - reach(values.length, width);
      return `${x.toFixed(1)},${(height - (it / top) * height).toFixed(1)}`;
    })
    .join(' ');
}

/** How wide so many samples are: the newest always stands at the right. */
const reach = (count: number, width: number): number => ((count - 1) * width) / (SAMPLES_MAX - 1);

/** Five minutes at one reading in two seconds. */
export const SAMPLES_MAX = 150;

const SLOW_MS = 200;
const SPOOL_BYTES_MAX = 1024 * 1024;
const DISK_BYTES_MIN = 5 * 1024 ** 3;
const UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;
