// What a list shows instead of its rows: nothing there, nothing by this filter, on its way, failed, not
// allowed. Answers of the server are held or spoilt where it would not give them by itself.

import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask, Office } from './harness/people';

let office: Office;
beforeAll(async () => {
  office = await Office.open();
});
afterAll(async () => {
  await office?.close();
});

const CALLS = '**/api/v1/calls?*';

test('empty: a period without calls offers a longer one, a filter its reset', async () => {
  const page = await office.windowOf('operator1', '/workspace/my_calls');
  await page.getByText('За это время ничего нет.').waitFor();
  await page.getByRole('button', { name: 'Показать неделю' }).click();
  await page.locator('[data-row]').first().waitFor();
  expect(await page.getByRole('button', { name: 'НЕДЕЛЯ' }).getAttribute('aria-pressed')).toBe(
    'true',
  );

  await page.getByRole('searchbox', { name: 'Поиск' }).last().fill('zzzz');
  await page.getByText('По этому фильтру ничего нет.').waitFor();
  await page.getByRole('button', { name: 'Сбросить фильтр' }).click();
  await page.locator('[data-row]').first().waitFor();
});

test('empty: where there has never been anything, one sentence says what will be', async () => {
  const page = await office.windowOf('operator2', '/favicon.svg');
  await page.route(CALLS, (route) =>
    route.fulfill({ json: { items: [], next_cursor: null, total_estimate: 0 } }),
  );
  await page.goto('/workspace/my_calls?period=year');

  await page.getByText('Здесь появятся ваши звонки.').waitFor();
});

test('loading: rows that are on their way have their places, and the list says that it is busy', async () => {
  const page = await office.windowOf('operator3', '/favicon.svg');
  let release = (): void => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  await page.route(CALLS, async (route) => {
    await released;
    await route.continue();
  });
  await page.goto('/workspace/my_calls?period=year');
  const grid = page.getByRole('grid', { name: 'Мои разговоры' });

  await page.locator('[role="grid"][aria-busy="true"] [class*="skeleton"]').first().waitFor();
  await page.getByRole('columnheader', { name: 'Время' }).waitFor();
  release();
  await grid.locator('[data-row]').first().waitFor();
  expect(await grid.getAttribute('aria-busy')).toBe('false');
});

test('error: a list that cannot be loaded says so, and comes when tried again', async () => {
  const page = await office.windowOf('operator4', '/favicon.svg');
  await page.route(CALLS, (route) => route.fulfill({ status: 500, body: '' }));
  await page.goto('/workspace/my_calls?period=year');

  await page.getByRole('alert').getByText('Не удалось загрузить список.').waitFor();
  await page.unroute(CALLS);
  await page.getByRole('button', { name: 'Повторить' }).click();
  await page.locator('[data-row]').first().waitFor();
  expect(await page.getByText('Не удалось загрузить список.').count()).toBe(0);
});

test('forbidden: without the right there is no entry in the menu, no screen, and no data from the API', async () => {
  const admin = await office.windowOf('admin', '/favicon.svg');
  const role = await ask<{ id: string }>(admin, 'POST', '/admin/roles', {
    code: 'newcomer',
    title: { ru: 'Новичок', en: 'Newcomer' },
    rights: ['workspace.use'],
  });
  await ask(admin, 'POST', '/admin/users', {
    login: 'newcomer',
    name: 'Новичок',
    password: 'long enough',
    role_ids: [role.id],
  });
  office.knows('newcomer', 'long enough');
  const page = await office.windowOf('newcomer', '/workspace/my_calls');
  const sections = [
    ['Мои звонки', 'my_calls', 'Мои разговоры', '/calls'],
    ['Взаимодействия', 'interactions', 'Мои взаимодействия', '/interactions'],
    ['Внутренние номера', 'extensions', 'Внутренние номера пользователей', '/extensions'],
  ] as const;
  for (const [menu, code, title, path] of sections) {
    await page.goto(`/workspace/${code}`);
    await page
      .getByText(`Нет доступа к разделу «${title}». Обратитесь к администратору контакт-центра.`)
      .waitFor();
    expect(await page.getByRole('link', { name: menu, exact: true }).count()).toBe(0);
    expect(await page.getByRole('grid').count()).toBe(0);
    expect(await statusOf(page, path)).toBe(403);
  }
  await page.goto('/admin/calls');
  await page.getByText('Нет доступа. Обратитесь к администратору контакт-центра.').waitFor();
});

test('forbidden: a right that was taken away meanwhile is told over the list', async () => {
  const page = await office.windowOf('operator5', '/favicon.svg');
  const problem = {
    type: 'about:blank',
    title: 'Недостаточно прав',
    status: 403,
    code: 'forbidden',
  };
  await page.route(CALLS, (route) =>
    route.fulfill({ status: 403, contentType: 'application/problem+json', json: problem }),
  );
  await page.goto('/workspace/my_calls?period=year');

  const alert = page.getByRole('alert').filter({ hasText: 'Нет доступа.' });
  await alert.waitFor();
  expect(await alert.getByRole('button').count()).toBe(0);
});

const statusOf = (page: Page, path: string): Promise<number> =>
  page.evaluate(async (it) => (await fetch(`/api/v1${it}`)).status, path);
