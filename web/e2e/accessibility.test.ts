import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { accessibility, chooseLocale, launch, open, signIn } from './harness/browser';
import { Server } from './harness/server';
import { screens, show } from './screens';

type Cookies = Awaited<ReturnType<BrowserContext['cookies']>>;

let server: Server;
let browser: Browser;
const cookies = new Map<string, Cookies>();
beforeAll(async () => {
  [server, browser] = await Promise.all([Server.start(), launch()]);
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

test.each(
  screens.flatMap((screen) =>
    (['ru', 'en'] as const).map((locale) => ({ locale, screen, name: screen.name })),
  ),
)('axe finds nothing on $name, $locale, light and dark', async ({ screen, locale }) => {
  const known = screen.user && (await cookiesOf(screen.user));
  const page = await open(browser, server.url, { locale, ...(known && { cookies: known }) });
  if (known) {
    await page.goto('/favicon.svg');
    await chooseLocale(page, locale);
  }

  await show(page, screen);

  expect(await accessibility(page)).toEqual([]);
  await goDark(page);
  expect(await accessibility(page)).toEqual([]);
  await page.context().close();
});

/** The evening comes: the system turns dark, and the panel with it. */
async function goDark(page: Page): Promise<void> {
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.waitForFunction(() => document.documentElement.dataset.theme === 'dark');
  await page.evaluate(() => Promise.allSettled(document.getAnimations().map((it) => it.finished)));
}

/** Signs in once a user. */
async function cookiesOf(user: string): Promise<Cookies> {
  const known = cookies.get(user);
  if (known) return known;
  const page = await open(browser, server.url);
  await signIn(page, user);
  const made = await page.context().cookies();
  cookies.set(user, made);
  await page.context().close();
  return made;
}
