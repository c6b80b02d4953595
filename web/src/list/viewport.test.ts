import { expect, test } from 'vitest';
import { isNearEnd, rowsPerPage, scrollTo, sliceOf } from './viewport';

test('of a hundred thousand rows a screenful is drawn', () => {
  const slice = sliceOf(100_000, 32, 1_600_000, 640);

  expect([slice.first, slice.last]).toEqual([49_992, 50_028]);
  expect(slice.before).toBe(49_992 * 32);
  expect(slice.height).toBe(3_200_000);
});

test('the ends are not overrun, also when the list shrank under the scroll position', () => {
  expect(sliceOf(10, 32, 0, 640)).toMatchObject({ first: 0, last: 10 });
  expect(sliceOf(50, 32, 90_000, 640)).toMatchObject({ first: 22, last: 50 });
  expect(sliceOf(0, 32, 0, 640)).toMatchObject({ first: 0, last: 0, height: 0 });
});

test('a place without a size yet draws a first screenful', () => {
  expect(sliceOf(1000, 32, 0, 0).last).toBe(33);
});

test('a row comes into sight with the least movement', () => {
  expect(scrollTo(5, 32, 0, 320)).toBe(0);
  expect(scrollTo(12, 32, 0, 320)).toBe(96);
  expect(scrollTo(2, 32, 320, 320)).toBe(64);
});

test('a page is what is seen less one row of context', () => {
  expect(rowsPerPage(32, 320)).toBe(9);
  expect(rowsPerPage(32, 10)).toBe(1);
});

test('the next page is fetched before the end is seen', () => {
  expect(isNearEnd(sliceOf(200, 32, 0, 640), 200)).toBe(false);
  expect(isNearEnd(sliceOf(200, 32, 5_000, 640), 200)).toBe(true);
});
