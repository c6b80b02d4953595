// What each role sees and gets. What a role may is asked of the server: the rights that it gives the
// role, and the requests that it answers to somebody who has no other.

import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import ru from '../src/i18n/ru.json' with { type: 'json' };
import { complaints, go, goNowhere } from './harness/browser';
import { ask, Office } from './harness/people';

const ROLES = [
  'callcenter_operator',
  'km_user',
  'qm_user',
  'callcenter_supervisor',
  'callcenter_admin',
  'platform_admin',
] as const;

/** Some of what somebody may who only looks, so that every command is missing. */
const ONLOOKER = ['live.view', 'cdrs.view', 'dialplans.view'];

const PASSWORD = 'long enough';
const NO_ACCESS = 'Нет доступа. Обратитесь к администратору контакт-центра.';

interface Role {
  readonly id: string;
  readonly code: string;
  readonly rights: readonly string[];
}

let office: Office;
let admin: Page;
const roles = new Map<string, Role>();
/** All there are, as the server tells them to who may everything. */
let sections: readonly string[];
let adminSections: readonly string[];
/** A call that none of the people of this test had. */
let otherCall: string;

beforeAll(async () => {
  office = await Office.open();
  admin = await office.windowOf('admin', '/admin');
  await ask(admin, 'POST', '/admin/roles', {
    code: 'onlooker',
    title: { ru: 'Наблюдатель', en: 'Onlooker' },
    rights: ONLOOKER,
  });
  const { items } = await ask<{ items: Role[] }>(admin, 'GET', '/admin/roles');
  for (const it of items) roles.set(it.code, it);
  for (const code of [...ROLES, 'onlooker']) {
    await ask(admin, 'POST', '/admin/users', {
      login: code,
      name: code,
      password: PASSWORD,
      role_ids: [roles.get(code)?.id],
    });
    office.knows(code, PASSWORD);
  }
  const { menu } = await ask<Bootstrap>(admin, 'GET', '/bootstrap');
  sections = menu.map((it) => it.code);
  adminSections = await codesIn(admin);
  const calls = await ask<{ items: { id: string }[] }>(admin, 'GET', '/calls?limit=1');
  otherCall = calls.items[0]?.id ?? '';
});
afterAll(() => office?.close());

interface Bootstrap {
  readonly menu: readonly { readonly code: string }[];
}

interface Me {
  readonly rights: readonly string[];
  readonly products: readonly { readonly code: string; readonly title: { readonly ru: string } }[];
}

const titles: Readonly<Record<string, string>> = ru;

/** Sections of the workspace that show data, and what they ask the server for. */
const ASKS: Readonly<Record<string, string>> = {
  my_calls: '/calls',
  interactions: '/interactions',
  extensions: '/extensions',
  phone_panel: '/extensions',
};

test.each(ROLES)(
  '%s: tiles, sections and data are those of its rights, and no others',
  async (code) => {
    const page = await office.windowOf(code, '/');
    const may = new Set(roles.get(code)?.rights);
    expect(may.size).toBeGreaterThan(0);
    const me = await ask<Me>(page, 'GET', '/me');
    expect(new Set(me.rights)).toEqual(may);

    const tiles = page.getByRole('row').locator('strong');
    await tiles.first().waitFor();
    expect(await tiles.allInnerTexts()).toEqual(me.products.map((it) => it.title.ru));
    const products = me.products.map((it) => it.code);
    expect(products.includes('operator')).toBe(may.has('workspace.use'));
    expect(products.includes('builder')).toBe(may.has('domains.manage'));
    expect(products.includes('supervisor')).toBe(may.has('calls.team'));

    await expectSections(page, may);
    await expectAdminSections(page, may);

    await page.goto(`/workspace/my_calls/${otherCall}`);
    if (may.has('calls.team')) {
      await page.getByRole('heading', { level: 1, name: / → .* \[\d+:\d\d\]$/ }).waitFor();
    } else {
      const alert = page.getByRole('main').getByRole('alert');
      await alert.waitFor();
      expect(await alert.textContent()).toContain(may.has('calls.own') ? 'not_found' : 'forbidden');
      expect(await statusOf(page, `/calls/${otherCall}`)).toBe(may.has('calls.own') ? 404 : 403);
    }
    expect(complaints(page)).toEqual([]);
    await page.close();
  },
);

/** The menu has what the server answers; every other section refuses by its address, without data. */
async function expectSections(page: Page, may: ReadonlySet<string>): Promise<void> {
  const { menu } = await ask<Bootstrap>(page, 'GET', '/bootstrap');
  const allowed = menu.map((it) => it.code);
  for (const [code, path] of Object.entries(ASKS)) {
    const status = await statusOf(page, path);
    expect([code, status]).toEqual([code, allowed.includes(code) ? 200 : 403]);
  }
  expect(allowed.includes('kb')).toBe(may.has('kb.use'));
  expect(allowed.includes('settings')).toBe(may.has('workspace.use'));

  const data = noteData(page, /\/api\/v1\/(calls|interactions|extensions)\b/);
  await page.goto('/workspace');
  if (allowed.length === 0) await page.getByText(NO_ACCESS).waitFor();
  else await page.getByRole('heading', { level: 1 }).waitFor();
  const links = page.getByRole('navigation', { name: 'Разделы' }).getByRole('link');
  expect(await hrefs(links)).toEqual(allowed.map((it) => `/workspace/${it}`));
  for (const code of sections.filter((it) => !allowed.includes(it))) {
    data.length = 0;
    await go(page, `/workspace/${code}`);
    await page.getByText(`Нет доступа к разделу «${titles[`title.${code}`]}».`).waitFor();
    expect(await page.getByRole('grid').count()).toBe(0);
    expect(data, code).toEqual([]);
  }
}

/** The same of the administrator's part: a section is there if the server answers its requests. */
async function expectAdminSections(page: Page, may: ReadonlySet<string>): Promise<void> {
  const allowed: string[] = [];
  for (const code of adminSections) {
    // Live calls come with the events; who may see them is a right of its own.
    const isAllowed =
      code === 'calls' ? may.has('live.view') : (await statusOf(page, `/admin/${code}`)) === 200;
    if (isAllowed) allowed.push(code);
  }
  const data = noteData(page, /\/api\/v1\/admin\//);
  await page.goto('/admin');
  if (allowed.length === 0) await page.getByText(NO_ACCESS).waitFor();
  else await page.getByRole('heading').first().waitFor();
  expect(await codesIn(page)).toEqual(allowed);
  for (const code of adminSections.filter((it) => !allowed.includes(it))) {
    data.length = 0;
    await goNowhere(page);
    await go(page, `/admin/${code}`);
    await page.getByText(NO_ACCESS, { exact: true }).waitFor();
    expect(await page.getByRole('grid').count()).toBe(0);
    expect(data, code).toEqual([]);
  }
}

test('without ui.json, cdrs.export, trace.view, call.hangup_any and dialplans.manage their buttons are not there', async () => {
  const onlooker = await office.windowOf('onlooker', '/admin/cdrs?period=year');
  const everything = await office.windowOf('platform_admin', '/admin/cdrs?period=year');
  const shows = (page: Page, name: string) => page.getByRole('button', { name, exact: true });

  for (const [page, isThere] of [
    [everything, true],
    [onlooker, false],
  ] as const) {
    const [count, state] = [isThere ? 1 : 0, isThere ? 'visible' : 'hidden'] as const;
    await page.locator('[data-row]').first().waitFor();
    expect(await shows(page, 'JSON').count()).toBe(count);
    await shows(page, 'Ещё').click();
    await page.getByRole('menuitem', { name: 'Столбцы' }).waitFor();
    expect(await page.getByRole('menuitem', { name: 'Выгрузить CSV' }).count()).toBe(count);
    await page.keyboard.press('Escape');
    await page.getByRole('menuitem', { name: 'Столбцы' }).waitFor({ state: 'detached' });
    await page.locator('[data-row]').first().click();
    await page.keyboard.press('Enter');
    await page.getByRole('complementary', { name: 'Сообщения SIP' }).waitFor({ state });

    await page.goto('/admin/calls');
    await page.getByRole('grid', { name: 'Текущие звонки' }).waitFor();
    expect(await shows(page, 'Завершить').count()).toBe(count);
    await page.goto('/admin/dialplans');
    await page.locator('textarea').waitFor();
    for (const name of ['Ввести в действие', 'Новый файл']) {
      expect(await shows(page, name).count(), name).toBe(count);
    }
    expect(await page.locator('textarea').isEditable()).toBe(isThere);
    await page.close();
  }
});

test('a role that loses a right: what it gave goes from the open window at once, and is refused', async () => {
  const { id } = await ask<Role>(admin, 'POST', '/admin/roles', {
    code: 'brief',
    title: { ru: 'Ненадолго', en: 'For a while' },
    rights: ['workspace.use', 'calls.own', 'calls.team'],
  });
  await ask(admin, 'POST', '/admin/users', {
    login: 'brief',
    name: 'brief',
    password: PASSWORD,
    role_ids: [id],
  });
  office.knows('brief', PASSWORD);
  const page = await office.windowOf('brief', '/workspace/my_calls?period=year');
  await page.locator('[data-row]').first().waitFor();
  await ask(
    admin,
    'PUT',
    `/admin/roles/${id}`,
    { code: 'brief', title: { ru: 'Ненадолго', en: 'For a while' }, rights: ['workspace.use'] },
    { 'If-Match': '1' },
  );

  await page.getByText('Нет доступа к разделу «Мои разговоры».').waitFor();
  expect(await page.locator('[data-row]').count()).toBe(0);
  expect(await page.getByRole('link', { name: 'Мои звонки' }).count()).toBe(0);
  expect(await statusOf(page, '/calls')).toBe(403);
});

const statusOf = (page: Page, path: string): Promise<number> =>
  page.evaluate(async (it) => (await fetch(`/api/v1${it}`)).status, path);

/** Codes of the administrator's sections that the page links to. */
async function codesIn(page: Page): Promise<string[]> {
  const nav = page.getByRole('navigation', { name: 'Администратор' });
  await nav.waitFor({ state: 'attached' });
  return (await hrefs(nav.getByRole('link'))).map((it) => it.replace('/admin/', ''));
}

const hrefs = (links: ReturnType<Page['getByRole']>): Promise<string[]> =>
  links.evaluateAll((all) => all.map((it) => it.getAttribute('href') ?? ''));

/** Paths that the page asks for and that match, as they come. */
function noteData(page: Page, pattern: RegExp): string[] {
  const asked: string[] = [];
  page.on('request', (it) => {
    if (pattern.test(it.url())) asked.push(new URL(it.url()).pathname);
  });
  return asked;
}
