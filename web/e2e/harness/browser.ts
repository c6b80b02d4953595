// Debian's Chromium, windows of it in either language and theme, and what they complained of.

import axe from 'axe-core';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

export interface Look {
  readonly locale?: 'ru' | 'en';
  readonly theme?: 'light' | 'dark';
  readonly width?: number;
  readonly height?: number;
  /** Names a machine of its own: nothing of what is stored elsewhere is there. */
  readonly machine?: string;
  /** Cookies of somebody who has signed in. */
  readonly cookies?: Awaited<ReturnType<BrowserContext['cookies']>>;
}

/** Where tests run, ten other programs may want the two cores. */
const PATIENCE_MS = 60_000;

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--disable-background-networking',
  '--disable-component-update',
  '--no-first-run',
  '--disable-sync',
];

export const launch = (): Promise<Browser> =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: FLAGS,
    timeout: PATIENCE_MS,
  });

/** A window as a new user would open it: no cookies, nothing stored. */
export const open = async (browser: Browser, url: string, look: Look = {}): Promise<Page> =>
  openIn(await profile(browser, url, look));

/** What the windows of one person at one machine share: cookies, what is stored, what is cached. */
export async function profile(browser: Browser, url: string, look: Look): Promise<BrowserContext> {
  const { locale = 'ru', theme = 'light', width = 1366, height = 768 } = look;
  const context: BrowserContext = await browser.newContext({
    baseURL: url,
    viewport: { width, height },
    locale: locale === 'ru' ? 'ru-RU' : 'en-GB',
    colorScheme: theme,
    reducedMotion: 'reduce',
  });
  if (look.cookies) await context.addCookies(look.cookies);
  context.setDefaultTimeout(PATIENCE_MS);
  await context.addInitScript((it) => {
    if (!localStorage.getItem('tandem.locale')) localStorage.setItem('tandem.locale', it);
  }, locale);
  return context;
}

/** Another window there. */
export async function openIn(context: BrowserContext): Promise<Page> {
  const page = await context.newPage();
  const complaints: string[] = [];
  complaintsOf.set(page, complaints);
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    const text = message.text();
    // The browser says so of each answer that is a refusal, and of each attempt to reconnect.
    const isExpected = /Failed to load resource|WebSocket connection to/.test(text);
    if (message.type() === 'error' && !isExpected) complaints.push(text);
  });
  return page;
}

const complaintsOf = new WeakMap<Page, string[]>();

/** Errors that the page threw or wrote to its console. */
export const complaints = (page: Page): readonly string[] => complaintsOf.get(page) ?? [];

/** Signs in by the form, and is where signing in leads. A refusal fails with its words. */
export async function signIn(page: Page, login: string, path = '/'): Promise<void> {
  await page.goto(path);
  await fillLogin(page, login, DEMO_PASSWORD);
  await page.keyboard.press('Enter');
  const refusal = page.locator('form').getByRole('alert').filter({ hasText: /./ });
  const refused = await Promise.race([
    page.waitForURL((url) => url.pathname !== '/login').then(() => undefined),
    refusal.textContent().catch(() => undefined),
  ]);
  if (refused) throw new Error(`${login} may not sign in: ${refused}`);
}

/** Fills the form of the sign-in, with the demo's domain, and leaves the focus in the password. */
export async function fillLogin(page: Page, login: string, password: string): Promise<void> {
  await page.locator('input[autocomplete="organization"]').fill(DEMO_DOMAIN);
  await page.locator('input[autocomplete="username"]').fill(login);
  await page.locator('input[autocomplete="current-password"]').fill(password);
}

/** The language that the server keeps for who is signed in. */
export async function chooseLocale(context: BrowserContext, locale: 'ru' | 'en'): Promise<void> {
  const { csrf } = await (await context.request.get('/api/v1/me')).json();
  const data = { locale };
  await context.request.put('/api/v1/me/locale', { headers: { 'X-CSRF': csrf }, data });
}

/** Goes to an address as links of the panel do, which spares loading the panel anew. */
export const go = (page: Page, path: string): Promise<void> =>
  page.evaluate((it) => history.pushState(null, '', it), path);

/** Leaves every screen, for the panel's word on addresses that lead nowhere. */
export async function goNowhere(page: Page): Promise<void> {
  await go(page, '/nowhere');
  await page.locator('main a[href="/"]').waitFor();
}

/** The evening comes: the system turns dark, and the panel with it. */
export async function goDark(page: Page): Promise<void> {
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.waitForFunction(() => document.documentElement.dataset.theme === 'dark');
  await page.evaluate(() => Promise.allSettled(document.getAnimations().map((it) => it.finished)));
}

/** The next morning. */
export async function goLight(page: Page): Promise<void> {
  await page.emulateMedia({ colorScheme: 'light' });
  await page.waitForFunction(() => document.documentElement.dataset.theme === 'light');
}

export const DEMO_DOMAIN = 'demo.tandem.test';
export const DEMO_PASSWORD = 'demo';

/** What a theme can break, and a language cannot: rules of axe about colours, and all others. */
export type Aspect = 'colours' | 'all else';

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const OF_COLOURS = ['color-contrast', 'link-in-text-block'];

/** What axe finds against WCAG 2.2 AA, one line a rule and place; in one aspect if only that is asked. */
export async function accessibility(page: Page, aspect?: Aspect): Promise<string[]> {
  // A document that was asked already has it.
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axe.source);
  const options = {
    runOnly: aspect === 'colours' ? OF_COLOURS : TAGS,
    ...(aspect === 'all else' && {
      rules: Object.fromEntries(OF_COLOURS.map((it) => [it, { enabled: false }])),
    }),
  };
  const found = await page.evaluate(async (it) => {
    const run = (globalThis as unknown as { axe: typeof axe }).axe.run;
    // Nobody reads what is right.
    return (await run(document, { ...it, resultTypes: ['violations'] })).violations;
  }, options);
  return found.flatMap((rule) =>
    rule.nodes.map((it) => `${rule.id}: ${it.target.join(' ')}: ${it.failureSummary ?? ''}`),
  );
}
