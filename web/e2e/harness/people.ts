// Who works at the panel: signed in once each, then any number of windows.

import { isDeepStrictEqual } from 'node:util';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import {
  chooseLocale,
  DEMO_DOMAIN,
  DEMO_PASSWORD,
  type Look,
  launch,
  open,
  openIn,
  profile,
} from './browser';
import { Server } from './server';

type Cookies = Awaited<ReturnType<BrowserContext['cookies']>>;

const SIGN_IN_LIMIT_MS = 60_000;

/** A server, a browser, and people who have signed in. */
export class Office {
  readonly server: Server;
  readonly browser: Browser;
  readonly #cookies = new Map<string, Cookies>();
  readonly #passwords = new Map<string, string>();
  /** A window that is not the first of its kind finds the panel in the cache, which halves its time. */
  readonly #profiles = new Map<string, BrowserContext>();

  private constructor(server: Server, browser: Browser) {
    this.server = server;
    this.browser = browser;
  }

  /** `prepare` may change the database before the server starts. */
  static async open(prepare?: (database: string) => void): Promise<Office> {
    const [server, browser] = await Promise.all([Server.start(prepare), launch()]);
    return new Office(server, browser);
  }

  async close(): Promise<void> {
    await this.browser.close();
    await this.server.stop();
  }

  /** Somebody whom a test has made; the people of the demo share a password. */
  knows(login: string, password: string): void {
    this.#passwords.set(login, password);
  }

  /**
   * A window of somebody's at a path, in a language; `''` for somebody who is not signed in. Windows of
   * one person share cookies and storage, as tabs do: what a test is done with it closes as a page.
   */
  async windowOf(login: string, path: string, look: Look = {}): Promise<Page> {
    if (login === '') {
      const stranger = await open(this.browser, this.server.url, look);
      await stranger.goto(path);
      return stranger;
    }
    const context = await this.#profileOf(login, look);
    await chooseLocale(context, look.locale ?? 'ru');
    const page = await openIn(context);
    await page.goto(path);
    return page;
  }

  async #profileOf(login: string, look: Look): Promise<BrowserContext> {
    const cookies = await this.#cookiesOf(login);
    const key = JSON.stringify([login, look]);
    const known = this.#profiles.get(key);
    if (known) {
      // A test may have signed out there, or in as a wall. Else they stay: a window that was opened just
      // now would find itself signed out for a moment.
      const kept = await known.cookies();
      if (!isDeepStrictEqual(named(kept), named(cookies))) {
        await known.clearCookies();
        await known.addCookies(cookies);
      }
      return known;
    }
    const made = await profile(this.browser, this.server.url, { ...look, cookies });
    this.#profiles.set(key, made);
    made.once('close', () => this.#profiles.delete(key));
    return made;
  }

  async #cookiesOf(login: string): Promise<Cookies> {
    const known = this.#cookies.get(login);
    if (known) return known;
    // Without the form, which has tests of its own.
    const context = await this.browser.newContext({ baseURL: this.server.url });
    const answer = await context.request.post('/api/v1/auth/login', {
      data: { domain: DEMO_DOMAIN, login, password: this.#passwords.get(login) ?? DEMO_PASSWORD },
      timeout: SIGN_IN_LIMIT_MS,
    });
    if (!answer.ok()) throw new Error(`signing ${login} in: ${answer.status()}`);
    const made = await context.cookies();
    this.#cookies.set(login, made);
    await context.close();
    return made;
  }
}

const named = (cookies: Cookies) =>
  cookies.map(({ name, value }) => [name, value] as const).sort(([a], [b]) => a.localeCompare(b));

/** Asks the API as who is signed in at `page`; fails on a refusal. */
export async function ask<T>(
  page: Page,
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<T> {
  return page.evaluate(
    async ({ method, path, body, headers }) => {
      const me = await (await fetch('/api/v1/me')).json();
      const answer = await fetch(`/api/v1${path}`, {
        method,
        headers: {
          'X-CSRF': me.csrf,
          ...(body !== undefined && { 'Content-Type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
      return text === '' ? undefined : JSON.parse(text);
    },
    { method, path, body, headers },
  );
}
