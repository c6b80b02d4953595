// Wall-clock time in a named time zone, from Intl alone. Knows no React.

/** A wall-clock moment, as a person reads it off a clock; months count from 1. */
export interface Wall {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
}

/** The zone that the browser is in. */
export function localZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** What a clock in `zone` shows at `instant` (Unix milliseconds). */
export function wallAt(instant: number, zone: string): Wall {
  const parts: Record<string, number> = {};
  for (const { type, value } of formatterOf(zone).formatToParts(instant)) {
    parts[type] = Number(value);
  }
  return {
    year: parts.year ?? 0,
    month: parts.month ?? 0,
    day: parts.day ?? 0,
    hour: parts.hour ?? 0,
    minute: parts.minute ?? 0,
  };
}

/**
 * The instant at which a clock in `zone` shows `wall`. A time that the spring change skips means the
 * moment of the change; a time that the autumn change repeats means its first occurrence.
 */
export function instantOf(wall: Wall, zone: string): number {
  const asUtc = utcOf(wall);
  const before = asUtc - offsetAt(asUtc - DAY, zone);
  const after = asUtc - offsetAt(asUtc + DAY, zone);
  const candidates = [...new Set([before, after])].sort((a, b) => a - b);
  const exact = candidates.find((it) => utcOf(wallAt(it, zone)) === asUtc);
  return exact ?? changeBetween(candidates[0] ?? asUtc, candidates.at(-1) ?? asUtc, zone);
}

/** Midnight at the start of the day that `wall` is in. */
export function startOfDay(wall: Wall): Wall {
  return { ...wall, hour: 0, minute: 0 };
}

/** The same time of day, `days` later. */
export function addDays(wall: Wall, days: number): Wall {
  const date = new Date(Date.UTC(wall.year, wall.month - 1, wall.day + days));
  return {
    ...wall,
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
  };
}

/** The same day of the month, `months` later; the last day of a month that is too short. */
export function addMonths(wall: Wall, months: number): Wall {
  const index = wall.year * 12 + (wall.month - 1) + months;
  const year = Math.floor(index / 12);
  const month = index - year * 12 + 1;
  const lastDay = new Date(Date.UTC(year, month, 0)).getUTCDate();
  return { ...wall, year, month, day: Math.min(wall.day, lastDay) };
}

/** `2026-11-24T09:05`, the value of a `datetime-local` field. */
export function wallToText(wall: Wall): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const year = String(wall.year).padStart(4, '0');
  return `${year}-${two(wall.month)}-${two(wall.day)}T${two(wall.hour)}:${two(wall.minute)}`;
}

/** Reads what {@link wallToText} writes; `undefined` for anything else. */
export function wallFromText(text: string): Wall | undefined {
  const match = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})(?::\d{2}(?:\.\d+)?)?$/.exec(text);
  if (!match) return undefined;
  const [year, month, day, hour, minute] = match.slice(1).map(Number);
  const wall = {
    year: year ?? 0,
    month: month ?? 0,
    day: day ?? 0,
    hour: hour ?? 0,
    minute: minute ?? 0,
  };
  const back = new Date(utcOf(wall));
  const isReal =
    back.getUTCMonth() + 1 === wall.month &&
    back.getUTCDate() === wall.day &&
    back.getUTCHours() === wall.hour &&
    back.getUTCMinutes() === wall.minute;
  return isReal ? wall : undefined;
}

/** `24.11.2026 09:05`, as a person writes it. */
export function wallToWritten(wall: Wall): string {
  const [date = '', time = ''] = wallToText(wall).split('T');
  return `${date.split('-').reverse().join('.')} ${time}`;
}

/** Reads a date as a person writes it; without a time it is midnight. */
export function wallFromWritten(text: string): Wall | undefined {
  const match = /^(\d{1,2})\.(\d{1,2})\.(\d{4})(?:[\s,]+(\d{1,2}):(\d{2}))?$/.exec(text.trim());
  if (!match) return undefined;
  const [day = '', month = '', year = '', hour = '0', minute = '00'] = match.slice(1);
  const two = (part: string) => part.padStart(2, '0');
  return wallFromText(`${year}-${two(month)}-${two(day)}T${two(hour)}:${minute}`);
}

/** Wall time taken as if it were UTC: for comparing and subtracting wall times. */
export function utcOf(wall: Wall): number {
  return Date.UTC(wall.year, wall.month - 1, wall.day, wall.hour, wall.minute);
}

/** Inverse of {@link utcOf}. */
export function wallOfUtc(asUtc: number): Wall {
  const date = new Date(asUtc);
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
  };
}

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** Making a formatter costs more than the whole arithmetic. */
const formatters = new Map<string, Intl.DateTimeFormat>();

function formatterOf(zone: string): Intl.DateTimeFormat {
  let formatter = formatters.get(zone);
  if (!formatter) {
    formatter = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
    });
    formatters.set(zone, formatter);
  }
  return formatter;
}

function offsetAt(instant: number, zone: string): number {
  const minute = Math.floor(instant / MINUTE) * MINUTE;
  return utcOf(wallAt(minute, zone)) - minute;
}

/** The minute in `[low, high]` at which the zone's offset becomes that of `high`. */
function changeBetween(low: number, high: number, zone: string): number {
  const target = offsetAt(high, zone);
  let before = Math.floor(low / MINUTE);
  let after = Math.ceil(high / MINUTE);
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (offsetAt(middle * MINUTE, zone) === target) after = middle;
    else before = middle;
  }
  return after * MINUTE;
}
