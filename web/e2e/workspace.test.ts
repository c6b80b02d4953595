import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { complaints, DEMO_PASSWORD, launch, open, signIn } from './harness/browser';
import { Server } from './harness/server';

let server: Server;
let browser: Browser;
beforeAll(async () => {
  [server, browser] = await Promise.all([Server.start(), launch()]);
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

const MENU = [
  'База знаний',
  'Уроки',
  'Обучения',
  'Допуски',
  'Статус',
  'Уведомления',
  'Настройки',
  'Управление звонками',
  'Мои диалоги',
  'Кампании',
  'Голосовая почта',
  'Заказы звонков',
  'Мои письма',
  'Мои почтовые ящики',
  'Мои звонки',
  'Взаимодействия',
  'Внутренние чаты',
  'Внутренние номера',
  'Операторы',
  'Панель телефонов',
];

test('the menu has the twenty sections in order, and those not built say so', async () => {
  const page = await workspaceOf('operator1');

  const items = page.getByRole('navigation', { name: 'Разделы' }).getByRole('link');
  await items.first().waitFor();
  expect(await items.allInnerTexts()).toEqual(MENU);
  await page.getByRole('link', { name: 'Кампании' }).click();

  await page.getByText('Раздел «Кампании» ещё не сделан.').waitFor();
  expect(complaints(page)).toEqual([]);
});

test('the top bar shows connection, round trip and line', async () => {
  const page = await workspaceOf('operator1');

  await page.getByRole('banner').getByText('Подключено').waitFor();
  await page
    .getByRole('banner')
    .getByText(/^\d+ мс$/)
    .waitFor();
  await page.getByRole('button', { name: 'Линия 1001' }).getByText('Отключен').waitFor();
});

test('the search finds sections and colleagues by keyboard', async () => {
  const page = await workspaceOf('operator1');

  await page.keyboard.press('Control+k');
  await page.keyboard.type('1002');
  await page.getByRole('option', { name: /1002/ }).waitFor();
  await page.getByRole('combobox').fill('настр');
  await page.getByRole('option', { name: /Настройки/ }).waitFor();
  await page.keyboard.press('Enter');

  await page.getByRole('heading', { name: 'Мой профиль' }).waitFor();
});

test('theme and language chosen in the profile come along to another browser', async () => {
  const page = await workspaceOf('operator2');
  await page.getByRole('radio', { name: 'Тёмная' }).click();
  await page.getByRole('radio', { name: 'Компактно' }).click();
  await page.getByRole('radio', { name: 'English' }).click();
  await page.getByRole('heading', { name: 'My profile' }).waitFor();
  await page.waitForLoadState('networkidle');

  const elsewhere = await workspaceOf('operator2');

  await elsewhere.getByRole('heading', { name: 'My profile' }).waitFor();
  const html = elsewhere.locator('html');
  await elsewhere.locator('html[data-theme="dark"][data-density="compact"]').waitFor();
  expect(await html.getAttribute('lang')).toBe('en');
});

test('a new password is asked for thoroughly, works, and ends the other sessions', async () => {
  const [page, other] = [await workspaceOf('operator3'), await workspaceOf('operator3')];
  await page.getByRole('button', { name: 'ИЗМЕНИТЬ ПАРОЛЬ' }).click();
  const [old, fresh, repeated] = [
    page.getByLabel('Нынешний пароль'),
    page.getByLabel('Новый пароль', { exact: false }).first(),
    page.getByLabel('Новый пароль ещё раз'),
  ];

  await old.fill('wrong');
  await fresh.fill('a long new password');
  await repeated.fill('another');
  await page.keyboard.press('Enter');
  await page.getByText('Пароли не совпадают.').waitFor();
  await repeated.fill('a long new password');
  await page.keyboard.press('Enter');
  await page
    .locator('form')
    .getByText(/пароль/i)
    .last()
    .waitFor();
  await old.fill(DEMO_PASSWORD);
  await page.keyboard.press('Enter');

  await page.getByText('Пароль изменён.').waitFor();
  await other.getByRole('dialog', { name: 'Сеанс завершён' }).waitFor();
});

test('a lost server is told within three seconds, and what was typed stays', async () => {
  const page = await workspaceOf('operator4');
  await page.getByRole('banner').getByText('Подключено').waitFor();
  await page.getByRole('button', { name: 'ИЗМЕНИТЬ ПАРОЛЬ' }).click();
  await page.getByLabel('Нынешний пароль').fill('half typed');

  await server.kill();
  await page
    .getByText(/Переподключение…|Нет связи с сервером/)
    .first()
    .waitFor({ timeout: 3000 });
  await page.getByText('Нет связи с сервером').waitFor();
  await server.run();

  await page.getByText('Данные обновлены.').waitFor();
  expect(await page.getByLabel('Нынешний пароль').inputValue()).toBe('half typed');
});

test('a session that is over asks for the password over the page, and nothing is lost', async () => {
  const page = await workspaceOf('operator5');
  await page.getByRole('banner').getByText('Подключено').waitFor();
  await page.getByRole('button', { name: 'ИЗМЕНИТЬ ПАРОЛЬ' }).click();
  await page.getByLabel('Нынешний пароль').fill('half typed');

  await page.evaluate(async () => {
    const me = await (await fetch('/api/v1/me')).json();
    await fetch('/api/v1/auth/logout', { method: 'POST', headers: { 'X-CSRF': me.csrf } });
  });
  const dialog = page.getByRole('dialog', { name: 'Сеанс завершён' });
  await dialog.waitFor();
  await page.keyboard.type(DEMO_PASSWORD);
  await page.keyboard.press('Enter');

  await dialog.waitFor({ state: 'detached' });
  await page.getByRole('banner').getByText('Подключено').waitFor();
  expect(await page.getByLabel('Нынешний пароль').inputValue()).toBe('half typed');
});

test('a call can be ended while a question is open', async () => {
  const page = await withCall('operator6');
  await page.keyboard.press('F1');
  await page.getByRole('dialog').waitFor();
  const asked = page.waitForRequest((it) => it.url().endsWith('/calls/call-1/hangup'));

  await page.getByRole('region', { name: 'Телефон' }).getByText('Завершить').click();

  await asked;
});

test('a call that was answered opens by itself', async () => {
  const { page, tell } = await withEvents('operator7');

  await tell(await answeredCall(page));

  await page.waitForURL(/\/workspace\/call\/call-1/);
  await page.getByRole('heading', { name: /^Разговор \+74950000017 → 1007$/ }).waitFor();
});

test('a call that is answered while somebody types waits in its tab', async () => {
  const { page, tell } = await withEvents('operator8');
  await page.getByRole('button', { name: 'ИЗМЕНИТЬ ПАРОЛЬ' }).click();
  await page.getByLabel('Нынешний пароль').fill('half ');

  await tell(await answeredCall(page));
  await page.getByRole('navigation', { name: 'Текущие разговоры и карточки' }).waitFor();
  await page.keyboard.type('typed');

  expect(new URL(page.url()).pathname).toBe('/workspace/settings');
  expect(await page.getByLabel('Нынешний пароль').inputValue()).toBe('half typed');
});

/** A window of the user's, at the profile. */
async function workspaceOf(login: string): Promise<Page> {
  const page = await open(browser, server.url);
  await signIn(page, login, '/workspace/settings');
  await page.getByRole('heading', { level: 1 }).waitFor();
  return page;
}

/** The same, where `tell` makes the page hear an event that no server sent. */
async function withEvents(login: string): Promise<{ page: Page; tell: (frame: object) => void }> {
  const page = await open(browser, server.url);
  let send: ((text: string) => void) | undefined;
  await page.routeWebSocket('**/api/v1/events', (socket) => {
    socket.connectToServer();
    send = (text) => socket.send(text);
  });
  await signIn(page, login, '/workspace/settings');
  await page.getByRole('banner').getByText('Подключено').waitFor();
  return { page, tell: (frame) => send?.(JSON.stringify(frame)) };
}

/** The event of an answered call from outside to the first line of the user of `page`. */
async function answeredCall(page: Page): Promise<object> {
  const lines = await page.evaluate(async () => (await fetch('/api/v1/me/lines')).json());
  const call = callOf(lines.items[0]);
  return { s: 1_000_000_000, t: 'call.updated', k: 'call:call-1', at: call.started_at, d: call };
}

function callOf(line: { id: string; number: string }) {
  const at = new Date().toISOString();
  const leg = { number: line.number, name: null, line_id: line.id, state: 'talking', since: at };
  return {
    id: 'call-1',
    direction: 'in',
    state: 'talking',
    caller: { number: '+74950000017', name: null },
    dialled: line.number,
    started_at: at,
    answered_at: at,
    legs: [{ ...leg, id: 'leg-1', role: 'callee' }],
    actions: ['hangup'],
  };
}

/** A window of the user's, where the server's snapshot has a call of their line. */
async function withCall(login: string): Promise<Page> {
  const page = await open(browser, server.url);
  await page.route('**/api/v1/bootstrap', async (route) => {
    const answer = await route.fetch();
    const snapshot = await answer.json();
    await route.fulfill({
      response: answer,
      json: { ...snapshot, calls: [callOf(snapshot.lines[0])] },
    });
  });
  await page.route('**/api/v1/calls/call-1/hangup', (route) => route.fulfill({ status: 202 }));
  await signIn(page, login, '/workspace/settings');
  await page.getByRole('region', { name: 'Телефон' }).getByText('Завершить').waitFor();
  return page;
}
