// Moments and parties as they stand in lists and cards. Knows no React.

/** `24.11.2025, 09:05:07`; an empty text for a moment that is not known. */
export function moment(at: string | null | undefined, locale: string): string {
  const instant = at ? Date.parse(at) : Number.NaN;
  if (Number.isNaN(instant)) return '';
  return momentFormat(locale).format(instant);
}

/** `Понедельник 16:38` within a week, `Сегодня 16:38`, else with its date; empty if not known. */
export function relativeMoment(
  at: string | null | undefined,
  locale: string,
  now: number = Date.now(),
): string {
  const instant = at ? Date.parse(at) : Number.NaN;
  if (Number.isNaN(instant)) return '';
  const days = Math.round((midnight(now) - midnight(instant)) / DAY_MS);
  const language = locale === 'en' ? 'en-GB' : 'ru-RU';
  if (days < 0 || days > 6) return moment(at, locale);
  const time = new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit' });
  const day =
    days < 2
      ? new Intl.RelativeTimeFormat(language, { numeric: 'auto' }).format(-days, 'day')
      : new Intl.DateTimeFormat(language, { weekday: 'long' }).format(instant);
  return `${day.charAt(0).toLocaleUpperCase(language)}${day.slice(1)} ${time.format(instant)}`;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** The beginning of the day in this browser's zone. */
const midnight = (instant: number): number => new Date(instant).setHours(0, 0, 0, 0);

/** A side of a call. */
export interface Party {
  readonly number: string;
  readonly name: string | null;
}

/** `Иванова А. (1001)`, or what there is of it, or `unknown`. */
export function party(side: Party | null | undefined, unknown: string): string {
  const number = side?.number?.trim() ?? '';
  const name = side?.name?.trim() ?? '';
  if (name === '' || name === number) return number || unknown;
  return number === '' ? isolated(name) : `${isolated(name)} (${number})`;
}

/** A name that turns the direction of writing must not turn the number behind it. */
function isolated(name: string): string {
  return TURNS.test(name) ? `\u2068${name}\u2069` : name;
}

const TURNS = /[\u0590-\u08ff\u200e\u200f\u202a-\u202e\u2066-\u2069]/;

const formats = new Map<string, Intl.DateTimeFormat>();

function momentFormat(locale: string): Intl.DateTimeFormat {
  let format = formats.get(locale);
  if (!format) {
    format = new Intl.DateTimeFormat(locale === 'en' ? 'en-GB' : 'ru-RU', {
      dateStyle: 'short',
      timeStyle: 'medium',
    });
    formats.set(locale, format);
  }
  return format;
}
