import { expect, test } from 'vitest';
import { duration } from './Timer';

test.each([
  [0, '00:00'],
  [-5000, '00:00'],
  [72_900, '01:12'],
  [3_599_000, '59:59'],
  [3_672_000, '1:01:12'],
])('%i ms is %s', (ms, text) => {
  expect(duration(ms)).toBe(text);
});
