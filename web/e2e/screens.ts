// Every screen, for what is asked of all of them: accessibility, and pictures.

import type { Page } from 'playwright-core';
import { go, goNowhere } from './harness/browser';
import { ask } from './harness/people';

export interface Screen {
  readonly name: string;
  readonly path: string;
  /** Login of the demo; nobody for screens before a sign-in. */
  readonly user?: string;
  /** Ends in a window that is good for nothing else. */
  readonly isLast?: boolean;
  /** Shows what the screen is about, when the address alone does not. */
  readonly prepare?: (page: Page) => Promise<void>;
}

export const screens: readonly Screen[] = [
  { name: 'login', path: '/login' },
  {
    name: 'login-refused',
    path: '/login',
    prepare: async (page) => {
      await page.locator('input[autocomplete="organization"]').fill('demo.tandem.test');
      await page.locator('input[autocomplete="username"]').fill('nobody');
      await page.locator('input[autocomplete="current-password"]').fill('wrong');
      await page.keyboard.press('Enter');
      await page.getByRole('alert').filter({ hasText: /./ }).waitFor();
    },
  },
  { name: 'recover', path: '/recover' },
  { name: 'recover-confirm', path: '/recover?token=unknown' },
  { name: 'launcher', path: '/', user: 'vinogradova' },
  { name: 'section-not-built', path: '/workspace/campaigns', user: 'operator1' },
  { name: 'internal-numbers', path: '/workspace/extensions', user: 'operator1' },
  { name: 'phone-panel', path: '/workspace/phone_panel', user: 'operator1' },
  {
    name: 'phone-details',
    path: '/workspace/phone_panel',
    user: 'operator1',
    prepare: async (page) => {
      await page.getByRole('button', { name: /^1003,/ }).click();
      await page.getByRole('dialog').waitFor();
    },
  },
  {
    name: 'wall',
    path: '/',
    user: 'admin',
    isLast: true,
    prepare: async (page) => {
      // Once this window has become the wall, it may show it and nothing else.
      const { rights } = await ask<{ rights: string[] }>(page, 'GET', '/me');
      if (rights.includes('wall.manage')) {
        const wanted = { title: 'Hall', days: 1 };
        const { token } = await ask<{ token: string }>(page, 'POST', '/wall-tokens', wanted);
        await page.goto(`/wall#token=${token}`);
      } else await page.goto('/wall');
      await page.getByRole('listitem').first().waitFor();
    },
  },
  { name: 'my-calls-empty', path: '/workspace/my_calls?q=nobody', user: 'operator1' },
  {
    name: 'my-calls',
    path: '/workspace/my_calls?period=year',
    user: 'operator1',
    prepare: async (page) => {
      await page.locator('[data-row]').nth(2).click();
      await page.locator('[data-action="filter"]').click();
    },
  },
  {
    name: 'call-card',
    path: '/workspace/my_calls?period=year',
    user: 'operator1',
    prepare: async (page) => {
      await page.locator('[data-row]').first().click();
      await page.keyboard.press('Enter');
      await page.locator('section li').first().waitFor();
    },
  },
  {
    name: 'call-page',
    path: '/workspace/my_calls?period=year',
    user: 'operator1',
    prepare: async (page) => {
      await page.locator('[data-row]').first().dblclick();
      await page.getByRole('heading', { level: 1, name: '→' }).waitFor();
    },
  },
  { name: 'interactions', path: '/workspace/interactions?period=year', user: 'operator1' },
  {
    name: 'interaction-card',
    path: '/workspace/interactions?period=year',
    user: 'operator1',
    prepare: async (page) => {
      await page.locator('[data-row]').first().click();
      await page.keyboard.press('Enter');
      await page.getByRole('tab').first().waitFor();
    },
  },
  {
    name: 'live-call',
    path: '/workspace/settings',
    user: 'operator1',
    prepare: async (page) => {
      await page.getByRole('navigation').locator('a[href*="/call/"]').click();
      await page.getByRole('timer').nth(1).waitFor();
    },
  },
  ...['roles', 'trunks', 'domains', 'registrations', 'calls', 'cdrs', 'audit'].map((section) => ({
    name: `admin-${section}`,
    path: `/admin/${section}`,
    user: 'admin',
  })),
  ...['users', 'lines', 'domains', 'roles'].map((section) => ({
    name: `admin-${section}-form`,
    path: `/admin/${section}`,
    user: 'admin',
    prepare: async (page: Page) => {
      await page.locator('[data-row]').first().focus();
      await page.keyboard.press('Enter');
      await page.locator('aside form').waitFor();
    },
  })),
  {
    name: 'admin-users-mistakes',
    path: '/admin/users',
    user: 'admin',
    prepare: async (page) => {
      await page.locator('[data-row]').first().waitFor();
      await page.getByRole('button', { name: /^(Новый пользователь|New user)$/ }).click();
      const form = page.locator('aside form');
      await form.locator('input[type=password]').fill('long enough');
      await form.locator('input').first().fill('two words');
      await form.locator('button[type=submit]').click();
      await form.locator('[aria-invalid=true]').first().waitFor();
    },
  },
  {
    name: 'admin-ladder',
    path: '/admin/cdrs?period=year',
    user: 'admin',
    prepare: async (page) => {
      await page.locator('[data-row]').first().click();
      await page.keyboard.press('Enter');
      await page.locator('aside section').first().waitFor();
    },
  },
  {
    name: 'admin-rights',
    path: '/admin/rights',
    user: 'admin',
    prepare: async (page) => {
      const role = { code: 'shift_lead', title: { ru: 'Старший смены', en: 'Shift lead' } };
      await ask(page, 'POST', '/admin/roles', { ...role, rights: ['calls.own'] }).catch((error) => {
        // There already, where another picture was first.
        if (!String(error).includes(': 409 ')) throw error;
      });
      const box = page.locator('td input').nth(1);
      await box.waitFor();
      await box.check();
    },
  },
  {
    name: 'admin-lines-password',
    path: '/admin/lines',
    user: 'admin',
    prepare: async (page) => {
      // A line whose phone is off: one that is on could not call any more.
      await page.getByText('1004', { exact: true }).click();
      await page.getByRole('button', { name: /^(Сменить пароль|Change password)$/ }).click();
      await page.locator('aside button[type=submit]').click();
      await page.locator('aside code').waitFor();
    },
  },
  {
    name: 'admin-lines-callers',
    path: '/admin/lines',
    user: 'admin',
    prepare: async (page) => {
      await page.getByText('1005', { exact: true }).click();
      await page.getByRole('button', { name: /^(Кто может звонить|Who may call)$/ }).click();
      const form = page.locator('aside form');
      await form.locator('textarea').first().fill('spam\n+7916*\n12-x');
      await form.locator('button[type=submit]').click();
      await form.locator('[aria-invalid=true]').first().waitFor();
    },
  },
  {
    name: 'admin-roles-own',
    path: '/admin/roles',
    user: 'admin',
    prepare: async (page) => {
      await page.locator('[data-row]').first().waitFor();
      await page.getByRole('button', { name: /^(Новая роль|New role)$/ }).click();
      await page.locator('aside fieldset input').first().waitFor();
    },
  },
  {
    name: 'admin-trunks-file',
    path: '/admin/trunks',
    user: 'admin',
    prepare: async (page) => {
      await page.locator('[data-row]').first().focus();
      await page.keyboard.press('Enter');
      await page.locator('aside form').waitFor();
    },
  },
  {
    name: 'admin-trunks-new',
    path: '/admin/trunks',
    user: 'admin',
    prepare: async (page) => {
      await page.locator('[data-row]').first().waitFor();
      await page.getByRole('button', { name: /^(Новый транк|New trunk)$/ }).click();
      const [name, , port] = [0, 1, 2].map((n) => page.locator('aside input').nth(n));
      await name?.fill('two words');
      await port?.fill('70000');
      await page.locator('aside button[type=submit]').click();
      await page.locator('aside [aria-invalid=true]').first().waitFor();
    },
  },
  {
    name: 'admin-dialplans',
    path: '/admin/dialplans',
    user: 'admin',
    prepare: async (page) => {
      const [from, to] = [page.locator('form input').nth(0), page.locator('form input').nth(1)];
      await from.fill('1001');
      await to.fill('1002');
      await to.press('Enter');
      await page.locator('ol > li').first().waitFor();
    },
  },
  {
    name: 'admin-dialplans-mistakes',
    path: '/admin/dialplans',
    user: 'admin',
    prepare: async (page) => {
      const text = page.locator('textarea');
      await text.fill((await text.inputValue()).replace('{number}', '{nummer}'));
      await page.locator('ul button code').first().click();
    },
  },
  {
    name: 'admin-config',
    path: '/admin/config',
    user: 'admin',
    prepare: async (page) => {
      await page.locator('[data-row]').first().focus();
      await page.keyboard.press('Enter');
      await page.locator('aside table').waitFor();
    },
  },
  {
    name: 'admin-health',
    path: '/admin/health',
    user: 'admin',
    prepare: async (page) => {
      await page.locator('polyline[points*=" "]').first().waitFor({ state: 'attached' });
    },
  },
  { name: 'profile', path: '/workspace/settings', user: 'operator1' },
  {
    name: 'search',
    path: '/workspace/campaigns',
    user: 'operator1',
    prepare: async (page) => {
      await page.keyboard.press('Control+k');
      await page.keyboard.type('10');
      await page.getByRole('option').first().waitFor();
    },
  },
  {
    name: 'shortcuts',
    path: '/workspace/campaigns',
    user: 'operator1',
    prepare: async (page) => {
      await page.keyboard.press('F1');
      await page.getByRole('dialog').waitFor();
    },
  },
];

/** A list that fetches rows, and what stands for others until they are there. */
const LOADING = '[aria-busy="true"], [role="status"][aria-label]';

/** Loads the screen of somebody who is signed in already, where it needs one. */
export async function show(page: Page, screen: Screen): Promise<void> {
  await page.goto(screen.path);
  await settle(page, screen);
}

/** Goes there from another screen as links of the panel do, which spares loading the panel anew. */
export async function turnTo(page: Page, screen: Screen): Promise<void> {
  const dialog = page.getByRole('dialog');
  if ((await dialog.count()) > 0) {
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
  }
  // By way of a page that is nobody's, since two screens may be states of one.
  await goNowhere(page);
  await go(page, screen.path);
  await settle(page, screen);
}

/** Waits until everything is there that comes by itself, and shows what the screen is about. */
async function settle(page: Page, screen: Screen): Promise<void> {
  await page.getByRole('heading', { level: 1 }).waitFor();
  if (/^\/(workspace|admin)/.test(screen.path)) {
    await page
      .getByRole('banner')
      .getByText(/^(Подключено|Connected)$/)
      .waitFor();
  }
  await page.waitForFunction((it) => document.querySelector(it) === null, LOADING);
  await screen.prepare?.(page);
}
