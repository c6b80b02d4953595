import { expect, test } from 'vitest';
import { type Area, autofit, pageOf, pagesOf, RATIO_MAX, RATIO_MIN } from './autofit';

/** 1920×1080 less the header and the margins of the wall. */
const WALL: Area = { width: 1904, height: 1020, gap: 2 };

test('250 phones on a full HD wall are 25 by 10, 74 by 100 pixels each', () => {
  const fit = autofit(250, WALL);

  expect([fit.columns, fit.rows]).toEqual([25, 10]);
  expect([fit.cellWidth, fit.cellHeight]).toEqual([74, 100]);
});

test.each([1, 2, 3, 7, 20, 40, 41, 97, 100, 250, 251, 499, 500])(
  '%i phones fit without scrolling, in a readable shape',
  (count) => {
    for (const area of [
      WALL,
      { width: 1350, height: 700, gap: 4 },
      { width: 360, height: 600, gap: 2 },
    ]) {
      const fit = autofit(count, area);

      expect(fit.columns * fit.rows).toBeGreaterThanOrEqual(count);
      expect(fit.columns * fit.cellWidth + (fit.columns - 1) * area.gap).toBeLessThanOrEqual(
        area.width,
      );
      expect(fit.rows * fit.cellHeight + (fit.rows - 1) * area.gap).toBeLessThanOrEqual(
        area.height,
      );
      const ratio = fit.cellHeight / fit.cellWidth;
      // Whole pixels move the ratio of a small cell a little.
      expect(ratio).toBeGreaterThan(RATIO_MIN - 0.15);
      expect(ratio).toBeLessThan(RATIO_MAX + 0.15);
    }
  },
);

test('a single phone is no poster: it keeps the shape of a cell', () => {
  const fit = autofit(1, WALL);

  expect(fit.cellWidth).toBe(Math.floor(1020 / RATIO_MIN));
});

test('an empty wall and a wall without space give no nonsense', () => {
  expect(autofit(0, WALL)).toMatchObject({ columns: 1, rows: 1 });
  expect(autofit(20, { width: 0, height: 0, gap: 2 })).toMatchObject({
    cellWidth: 0,
    cellHeight: 0,
  });
});

test('above 500 phones equal pages take turns', () => {
  const phones = Array.from({ length: 501 }, (_, index) => index);

  expect(pagesOf(500)).toBe(1);
  expect(pagesOf(501)).toBe(2);
  expect([pageOf(phones, 0).length, pageOf(phones, 1).length]).toEqual([251, 250]);
  expect([...pageOf(phones, 0), ...pageOf(phones, 1)]).toEqual(phones);
});
