import { describe, expect, test } from 'vitest';
import {
  canGoNext,
  fieldsOf,
  isPreset,
  next,
  type Period,
  periodFromText,
  periodToText,
  preset,
  previous,
  range,
  resolve,
} from './period';
import { type Wall, wallFromWritten, wallToWritten } from './zone';

const MOSCOW = 'Europe/Moscow';
const BERLIN = 'Europe/Berlin';
/** 24.11.2025 15:30 in Moscow. */
const NOW = Date.parse('2025-11-24T12:30:00Z');

describe('presets', () => {
  test('today is midnight to midnight of the zone, not of UTC', () => {
    expect(shown(preset('today'))).toEqual(['2025-11-23T21:00:00Z', '2025-11-24T21:00:00Z']);
  });

  test('just after midnight in the zone it is the new day already', () => {
    const justAfter = Date.parse('2025-11-23T21:00:01Z');

    expect(fieldsOf(preset('today'), justAfter, MOSCOW).from).toBe('2025-11-24T00:00');
  });

  test('yesterday ends where today begins', () => {
    expect(shown(preset('yesterday'))).toEqual(['2025-11-22T21:00:00Z', '2025-11-23T21:00:00Z']);
  });

  test('a week is seven whole days back and grows with the clock', () => {
    expect(shown(preset('week'))).toEqual(['2025-11-16T21:00:00Z', null]);
  });

  test('a month is rolling, as in the training deck', () => {
    const october = Date.parse('2025-10-27T09:00:00Z');

    expect(fieldsOf(preset('month'), october, MOSCOW)).toEqual({
      from: '2025-09-27T00:00',
      to: '2025-10-27T12:00',
    });
  });

  test('a year is rolling, as in the training deck', () => {
    expect(fieldsOf(preset('year'), NOW, MOSCOW).from).toBe('2024-11-24T00:00');
  });

  test('a month from the 31st begins on the last day of a shorter month', () => {
    const march = Date.parse('2025-03-31T12:00:00Z');

    expect(fieldsOf(preset('month'), march, MOSCOW).from).toBe('2025-02-28T00:00');
  });
});

describe('shifting', () => {
  test('yesterday goes to the day before', () => {
    expect(shown(previous(preset('yesterday')))).toEqual([
      '2025-11-21T21:00:00Z',
      '2025-11-22T21:00:00Z',
    ]);
  });

  test('a month goes to the previous month and leaves no gap', () => {
    const current = resolve(preset('month'), NOW, MOSCOW);
    const before = resolve(previous(preset('month')), NOW, MOSCOW);

    expect(before.until).toBe(current.from);
    expect(fieldsOf(previous(preset('month')), NOW, MOSCOW).from).toBe('2025-09-24T00:00');
  });

  test('months from the 31st leave no gap either', () => {
    const march = Date.parse('2025-03-31T12:00:00Z');
    const spans = [0, 1, 2].map((back) =>
      resolve({ kind: 'preset', preset: 'month', back }, march, MOSCOW),
    );

    expect(spans[1]?.until).toBe(spans[0]?.from);
    expect(spans[2]?.until).toBe(spans[1]?.from);
  });

  test('forward undoes back', () => {
    expect(next(previous(preset('week')))).toEqual(preset('week'));
  });

  test('presets stop at the present', () => {
    expect(canGoNext(preset('today'))).toBe(false);
    expect(next(preset('month'))).toEqual(preset('month'));
  });

  test('yesterday goes forward to today', () => {
    expect(isPreset(next(preset('yesterday')), 'today')).toBe(true);
  });

  test('a typed range moves by its own length', () => {
    const hours = range('2025-11-24T09:00', '2025-11-24T18:00') as Period;

    expect(previous(hours)).toEqual(range('2025-11-24T00:00', '2025-11-24T09:00'));
    expect(next(hours)).toEqual(range('2025-11-24T18:00', '2025-11-25T03:00'));
  });

  test('a typed range of whole months moves by months', () => {
    const month = range('2025-09-27T00:00', '2025-10-27T00:00') as Period;

    expect(previous(month)).toEqual(range('2025-08-27T00:00', '2025-09-27T00:00'));
  });
});

describe('daylight saving', () => {
  test('the day of the spring change has 23 hours', () => {
    const spring = Date.parse('2025-03-30T12:00:00Z');

    expect(hours(preset('today'), spring, BERLIN)).toBe(23);
  });

  test('the day of the autumn change has 25 hours', () => {
    const autumn = Date.parse('2025-10-26T12:00:00Z');

    expect(hours(preset('today'), autumn, BERLIN)).toBe(25);
  });

  test('a skipped hour means the moment of the change', () => {
    const skipped = range('2025-03-30T02:30', '2025-03-30T05:00') as Period;

    expect(iso(resolve(skipped, NOW, BERLIN).from)).toBe('2025-03-30T01:00:00Z');
  });

  test('a repeated hour means its first occurrence', () => {
    const repeated = range('2025-10-26T02:30', '2025-10-26T05:00') as Period;

    expect(iso(resolve(repeated, NOW, BERLIN).from)).toBe('2025-10-26T00:30:00Z');
  });

  test('a day whose midnight is skipped begins at the change', () => {
    const beirut = Date.parse('2025-03-30T12:00:00Z');

    expect(iso(resolve(preset('today'), beirut, 'Asia/Beirut').from)).toBe('2025-03-29T22:00:00Z');
  });

  test('a zone of three quarters of an hour works', () => {
    expect(iso(resolve(preset('today'), NOW, 'Asia/Kathmandu').from)).toBe('2025-11-23T18:15:00Z');
  });
});

describe('as text', () => {
  test.each(['today', 'month-3', '2025-11-24T09:00~2025-11-24T18:00'])('%s comes back', (text) => {
    expect(periodToText(periodFromText(text) as Period)).toBe(text);
  });

  test.each(['', 'century', 'today--1', '2025-02-30T00:00~2025-03-01T00:00', 'a~b', 'today~'])(
    '%j is no period',
    (text) => {
      expect(periodFromText(text)).toBeUndefined();
    },
  );

  test('a range given backwards is put in order, an empty one refused', () => {
    expect(range('2025-11-25T00:00', '2025-11-24T00:00')).toEqual({
      kind: 'range',
      from: '2025-11-24T00:00',
      to: '2025-11-25T00:00',
    });
    expect(range('2025-11-25T00:00', '2025-11-25T00:00')).toBeUndefined();
  });
});

test.each([
  ['24.11.2025 09:05', '24.11.2025 09:05'],
  ['4.1.2025', '04.01.2025 00:00'],
  [' 24.11.2025, 9:05 ', '24.11.2025 09:05'],
])('a date written as %j is %s', (text, shown) => {
  expect(wallToWritten(wallFromWritten(text) as Wall)).toBe(shown);
});

test.each(['31.02.2025', '24.11.25', '24.11.2025 25:00', 'вчера'])('%j is no date', (text) => {
  expect(wallFromWritten(text)).toBeUndefined();
});

function iso(instant: number): string {
  return new Date(instant).toISOString().replace('.000Z', 'Z');
}

function shown(period: Period): (string | null)[] {
  const span = resolve(period, NOW, MOSCOW);
  return [iso(span.from), span.until === null ? null : iso(span.until)];
}

function hours(period: Period, now: number, zone: string): number {
  const span = resolve(period, now, zone);
  return ((span.until ?? now) - span.from) / 3_600_000;
}
