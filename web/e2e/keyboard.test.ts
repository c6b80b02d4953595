// Every list by the keyboard alone: to its toolbar, a filter or search, a sort, from row to row, into a
// card and out of it, with the focus back where it was.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { tabTo } from './harness/keys';
import { Office } from './harness/people';

let office: Office;
beforeAll(async () => {
  office = await Office.open();
});
afterAll(async () => {
  await office?.close();
});

interface List {
  readonly path: string;
  readonly login: string;
  /** Something that is searched for, and the row that has it. */
  readonly search?: string;
  readonly sort: string;
  /** How its card is closed; a list without it has no card. */
  readonly close?: 'Escape';
}

const LISTS: readonly List[] = [
  {
    path: '/workspace/my_calls?period=year',
    login: 'operator1',
    search: '1001',
    sort: 'Время',
    close: 'Escape',
  },
  {
    path: '/workspace/interactions?period=year',
    login: 'operator1',
    search: '1001',
    sort: 'Время',
    close: 'Escape',
  },
  { path: '/workspace/extensions', login: 'operator1', search: '10', sort: 'Имя' },
  { path: '/admin/cdrs?period=year', login: 'admin', sort: 'Время', close: 'Escape' },
  { path: '/admin/users', login: 'admin', search: 'operator', sort: 'Логин', close: 'Escape' },
  { path: '/admin/lines', login: 'admin', search: '10', sort: 'Номер', close: 'Escape' },
  { path: '/admin/config', login: 'admin', search: 'sip', sort: 'Ключ', close: 'Escape' },
  { path: '/admin/audit?period=year', login: 'admin', sort: '' },
];

test.each(LISTS)('by the keyboard: $path', async ({ path, login, search, sort, close }) => {
  const page = await office.windowOf(login, path);
  await page.locator('[data-row]').first().waitFor();
  if (path.startsWith('/workspace')) {
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.locator('#work:focus').waitFor();
  }

  await tabTo(page, page.getByRole('button', { name: 'Справка', exact: true }));
  if (search !== undefined) {
    await tabTo(page, page.getByRole('searchbox', { name: 'Поиск', exact: true }).last());
    await page.keyboard.type(search);
    await page.keyboard.press('Enter');
    await page.waitForFunction((it) => new URL(location.href).searchParams.get('q') === it, search);
    await page.locator('[data-row]').first().waitFor();
  } else {
    await tabTo(page, page.getByRole('button', { name: 'ФИЛЬТР', exact: true }));
    await page.keyboard.press('Enter');
    await page.locator('[aria-pressed="true"]:focus').waitFor();
    await tabTo(page, page.getByRole('button', { name: 'ФИЛЬТР', exact: true }), 'Shift+Tab');
  }

  if (sort !== '') {
    const header = page.getByRole('columnheader', { name: sort });
    await tabTo(page, header.getByRole('button'));
    const before = await header.getAttribute('aria-sort');
    await page.keyboard.press('Enter');
    await expect.poll(() => header.getAttribute('aria-sort'), POLL).not.toBe(before);
    await page.locator('[role="grid"][aria-busy="false"] [data-row]').first().waitFor();
  }

  await tabTo(page, page.locator('[data-row][tabindex="0"]').first());
  const rows = await page.locator('[data-row]').count();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowUp');
  await page.locator('[data-row][aria-rowindex="2"]:focus').waitFor();
  if (rows > 1) {
    await page.keyboard.press('ArrowDown');
    await page.locator('[data-row][aria-rowindex="3"]:focus').waitFor();
  }
  await page.keyboard.press('Space');
  const row = page.locator('[data-row][aria-selected="true"]:focus');
  await row.waitFor();
  const id = await row.getAttribute('data-row');
  if (close !== undefined) {
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => {
      const { activeElement } = document;
      return activeElement?.closest('section, aside') && !activeElement.closest('[role="grid"]');
    });
    await page.keyboard.press(close);
    await page.locator(`[data-row="${id}"]:focus`).waitFor();
  }
  await page.close();
});

const POLL = { timeout: 30_000 };
