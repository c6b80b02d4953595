import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFailed, test } from 'vitest';
import { accessibility, goDark, goLight } from './harness/browser';
import { WorkingDay } from './harness/day';
import { type Screen, screens, show, turnTo } from './screens';

// Colours are the same in every language, and all else is in every theme.

let day: WorkingDay;
beforeAll(async () => {
  day = await WorkingDay.begin();
});
afterAll(() => day?.end());

describe.each(['ru', 'en'] as const)('%s', (locale) => {
  const windows = new Map<string, Page>();
  afterAll(() => close(windows));

  test.each(screens)('axe finds nothing on $name', async (screen) => {
    onTestFailed(() => close(windows));
    // Windows of those who are called go to the new call by themselves, at a moment of their own.
    if (await day.talk()) await close(windows);
    const page = await windowAt(screen);

    if (locale === 'ru') {
      expect(await accessibility(page)).toEqual([]);
      await goDark(page);
      expect(await accessibility(page, 'colours'), 'dark').toEqual([]);
      await goLight(page);
    } else expect(await accessibility(page, 'all else')).toEqual([]);
    if (isAlone(screen)) await page.close();
  });

  /** A window at the screen: one a person, who goes from screen to screen. */
  async function windowAt(screen: Screen): Promise<Page> {
    const { user = '' } = screen;
    const known = isAlone(screen) ? undefined : windows.get(user);
    if (known) {
      await turnTo(known, screen);
      return known;
    }
    const look = { locale, ...(isAlone(screen) && { machine: screen.name }) };
    const page = await day.office.windowOf(user, '/favicon.svg', look);
    if (!isAlone(screen)) windows.set(user, page);
    await show(page, screen);
    return page;
  }
});

/** Nobody has signed in, or nobody has any more. */
const isAlone = ({ user, isLast }: Screen) => user === undefined || isLast === true;

async function close(windows: Map<string, Page>): Promise<void> {
  for (const page of windows.values()) await page.close();
  windows.clear();
}
