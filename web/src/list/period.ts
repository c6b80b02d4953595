// The period of a list: presets that move with the clock, and ranges typed by hand (LT-01…LT-09).

import {
  addDays,
  addMonths,
  instantOf,
  startOfDay,
  utcOf,
  type Wall,
  wallAt,
  wallFromText,
  wallOfUtc,
  wallToText,
} from './zone';

/** The buttons, in their order on the bar. */
export const PRESETS = ['today', 'yesterday', 'week', 'month', 'year'] as const;

/** One of the buttons of the period bar. */
export type Preset = (typeof PRESETS)[number];

/**
 * What the person chose. A preset is kept as such, so that a page left open over midnight shows the
 * new day; `back` counts how often `<` was pressed.
 */
export type Period =
  | { readonly kind: 'preset'; readonly preset: Preset; readonly back: number }
  | { readonly kind: 'range'; readonly from: string; readonly to: string };

/** A period at one moment. `until` is `null` where the period ends "now" and goes on growing. */
export interface Span {
  readonly from: number;
  readonly until: number | null;
}

/** A preset as its button sets it. */
export function preset(name: Preset): Period {
  return { kind: 'preset', preset: name, back: 0 };
}

/**
 * Turns a period into instants. Days begin at midnight in `zone`; week, month and year are rolling
 * and take in the current day.
 */
export function resolve(period: Period, now: number, zone: string): Span {
  if (period.kind === 'range') {
    const { from, to } = wallsOfRange(period);
    return { from: instantOf(from, zone), until: instantOf(to, zone) };
  }
  const walls = wallsOfPreset(period.preset, period.back, startOfDay(wallAt(now, zone)));
  return {
    from: instantOf(walls.from, zone),
    until: walls.to === undefined ? null : instantOf(walls.to, zone),
  };
}

/** The two fields «с … по …» for this period, as `datetime-local` values. */
export function fieldsOf(period: Period, now: number, zone: string): { from: string; to: string } {
  if (period.kind === 'range') return { from: period.from, to: period.to };
  const span = resolve(period, now, zone);
  return {
    from: wallToText(wallAt(span.from, zone)),
    to: wallToText(wallAt(span.until ?? now, zone)),
  };
}

/** `<`: the period of the same length that ends where this one begins. */
export function previous(period: Period): Period {
  return shift(period, -1);
}

/** `>`: the period of the same length that begins where this one ends. */
export function next(period: Period): Period {
  return canGoNext(period) ? shift(period, 1) : period;
}

/** Presets do not go past the present; a range typed by hand may. */
export function canGoNext(period: Period): boolean {
  return period.kind === 'range' || period.back > 0 || period.preset === 'yesterday';
}

/** A range from two `datetime-local` values, in whichever order they were given. */
export function range(from: string, to: string): Period | undefined {
  const [first, second] = [wallFromText(from), wallFromText(to)];
  if (!first || !second || utcOf(first) === utcOf(second)) return undefined;
  const ordered = utcOf(first) < utcOf(second) ? [first, second] : [second, first];
  return {
    kind: 'range',
    from: wallToText(ordered[0] as Wall),
    to: wallToText(ordered[1] as Wall),
  };
}

/** Whether a button is the one in force. «Вчера» is also «сегодня» shifted back once. */
export function isPreset(period: Period, name: Preset): boolean {
  if (period.kind !== 'preset') return false;
  const days = daysBack(period);
  if (name === 'today') return days === 0;
  if (name === 'yesterday') return days === 1;
  return period.preset === name && period.back === 0;
}

/** `today`, `month-2` or `2026-09-27T00:00~2026-10-27T00:00`: one word for URLs and settings. */
export function periodToText(period: Period): string {
  if (period.kind === 'range') return `${period.from}~${period.to}`;
  return period.back === 0 ? period.preset : `${period.preset}-${period.back}`;
}

/** Reads what {@link periodToText} writes; `undefined` for anything else. */
export function periodFromText(text: string): Period | undefined {
  const named = /^(today|yesterday|week|month|year)(?:-(\d{1,4}))?$/.exec(text);
  if (named) {
    return { kind: 'preset', preset: named[1] as Preset, back: Number(named[2] ?? 0) };
  }
  const [from, to, ...rest] = text.split('~');
  return from !== undefined && to !== undefined && rest.length === 0 ? range(from, to) : undefined;
}

function shift(period: Period, by: 1 | -1): Period {
  if (period.kind === 'range') return shiftRange(period, by);
  const back = period.back - by;
  // «Вчера» one step on is today, which has a button of its own.
  if (back < 0) return preset('today');
  return { ...period, back };
}

function daysBack(period: Period): number | undefined {
  if (period.kind !== 'preset') return undefined;
  if (period.preset === 'today') return period.back;
  return period.preset === 'yesterday' ? period.back + 1 : undefined;
}

function wallsOfPreset(name: Preset, back: number, today: Wall): { from: Wall; to?: Wall } {
  switch (name) {
    case 'today':
      return { from: addDays(today, -back), to: addDays(today, 1 - back) };
    case 'yesterday':
      return { from: addDays(today, -1 - back), to: addDays(today, -back) };
    case 'week':
      return rolling((steps) => addDays(today, -7 * steps), back);
    case 'month':
      return rolling((steps) => addMonths(today, -steps), back);
    case 'year':
      return rolling((steps) => addMonths(today, -12 * steps), back);
  }
}

/** Windows laid end to end backwards from today; the newest is open at its end. */
function rolling(at: (steps: number) => Wall, back: number): { from: Wall; to?: Wall } {
  const from = at(back + 1);
  return back === 0 ? { from } : { from, to: at(back) };
}

function wallsOfRange(period: { from: string; to: string }): { from: Wall; to: Wall } {
  const from = wallFromText(period.from);
  const to = wallFromText(period.to);
  if (!from || !to) throw new RangeError(`not a period: ${period.from} ${period.to}`);
  return { from, to };
}

/** Whole months move by months, so that 27.09–27.10 comes before 27.10–27.11. */
function shiftRange(period: { from: string; to: string }, by: 1 | -1): Period {
  const { from, to } = wallsOfRange(period);
  const months = wholeMonths(from, to);
  if (months > 0) {
    return rangeOf(addMonths(from, by * months), addMonths(to, by * months));
  }
  const length = utcOf(to) - utcOf(from);
  return rangeOf(wallOfUtc(utcOf(from) + by * length), wallOfUtc(utcOf(to) + by * length));
}

function wholeMonths(from: Wall, to: Wall): number {
  const months = (to.year - from.year) * 12 + (to.month - from.month);
  return utcOf(addMonths(from, months)) === utcOf(to) ? months : 0;
}

function rangeOf(from: Wall, to: Wall): Period {
  return { kind: 'range', from: wallToText(from), to: wallToText(to) };
}
