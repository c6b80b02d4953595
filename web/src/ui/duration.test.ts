import { expect, test } from 'vitest';
import { duration, talkTime } from './duration';

test.each([
  [0, '00:00'],
  [-5000, '00:00'],
  [null, '00:00'],
  [undefined, '00:00'],
  [Number.NaN, '00:00'],
  [59_999, '00:59'],
  [72_900, '01:12'],
  [3_599_000, '59:59'],
  [3_600_000, '1:00:00'],
  [86_399_000, '23:59:59'],
])('%s ms are %s', (ms, text) => {
  expect(duration(ms)).toBe(text);
});

test('a call that was answered is told from one that was not, however short it was', () => {
  expect(talkTime(0, false)).toBe('00:00');
  expect(talkTime(0, true)).toBe('00:01');
  expect(talkTime(999, true)).toBe('00:01');
  expect(talkTime(2_900, true)).toBe('00:02');
});
