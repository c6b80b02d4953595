// Not a test: `make screenshots` writes pictures of every screen, for eyes.

import { mkdirSync } from 'node:fs';
import { afterAll, beforeAll, test } from 'vitest';
import { goDark } from './harness/browser';
import { WorkingDay } from './harness/day';
import { screens, show } from './screens';

const FOLDER = new URL('../screenshots/', import.meta.url).pathname;
const SIZES = [
  [1366, 768],
  [1920, 1080],
] as const;

let day: WorkingDay;
beforeAll(async () => {
  mkdirSync(FOLDER, { recursive: true });
  day = await WorkingDay.begin();
});
afterAll(() => day?.end());

test.each(
  screens.flatMap((screen) =>
    (['ru', 'en'] as const).map((locale) => ({ locale, screen, name: screen.name })),
  ),
)('$name, $locale', async ({ screen, locale }) => {
  await day.talk();
  for (const [width, height] of SIZES) {
    const look = { locale, width, height };
    const page = await day.office.windowOf(screen.user ?? '', '/favicon.svg', look);
    await show(page, screen);
    const file = `${FOLDER}${screen.name}-${locale}-${width}`;
    await page.screenshot({ path: `${file}-light.png` });
    await goDark(page);
    await page.screenshot({ path: `${file}-dark.png` });
    await page.close();
  }
});
