import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { accessibility, goDark } from './harness/browser';
import { WorkingDay } from './harness/day';
import { screens, show } from './screens';

// Colours are the same in every language, and all else is in every theme.

let day: WorkingDay;
beforeAll(async () => {
  day = await WorkingDay.begin();
});
afterAll(() => day?.end());

describe.each(['ru', 'en'] as const)('%s', (locale) => {
  test.each(screens)('axe finds nothing on $name', async (screen) => {
    await day.talk();
    const page: Page = await day.office.windowOf(screen.user ?? '', '/favicon.svg', { locale });

    await show(page, screen);

    if (locale === 'ru') {
      expect(await accessibility(page)).toEqual([]);
      await goDark(page);
      expect(await accessibility(page, 'colours'), 'dark').toEqual([]);
    } else expect(await accessibility(page, 'all else')).toEqual([]);
    await page.close();
  });
});
