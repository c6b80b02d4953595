// Not a test: `make screenshots` writes pictures of every screen, for eyes.

import { mkdirSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, test } from 'vitest';
import { chooseLocale, launch, open, signIn } from './harness/browser';
import { Server } from './harness/server';
import { screens, show } from './screens';

const FOLDER = new URL('../screenshots/', import.meta.url).pathname;
const SIZES = [
  [1366, 768],
  [1920, 1080],
] as const;

let server: Server;
let browser: Browser;
beforeAll(async () => {
  mkdirSync(FOLDER, { recursive: true });
  [server, browser] = await Promise.all([Server.start(), launch()]);
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

const locale = process.env.SCREENSHOTS_LOCALE === 'en' ? 'en' : 'ru';

test.each(screens)('$name', async (screen) => {
  for (const theme of ['light', 'dark'] as const) {
    const page = await open(browser, server.url, { locale, theme });
    if (screen.user) {
      await signIn(page, screen.user);
      await chooseLocale(page, locale);
    }
    for (const [width, height] of SIZES) {
      await page.setViewportSize({ width, height });
      await show(page, screen);
      await page.screenshot({ path: `${FOLDER}${screen.name}-${width}-${theme}.png` });
    }
    await page.context().close();
  }
});
