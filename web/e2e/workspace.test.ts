// S03, the shell of the workspace, and what must hold whatever is open in it.

import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { complaints, DEMO_PASSWORD, open, signIn } from './harness/browser';
import { lossTold, watchForLoss } from './harness/loss';
import { Office } from './harness/people';
import { Phone } from './harness/phone';

let office: Office;
beforeAll(async () => {
  office = await Office.open();
});
afterAll(() => office?.close());

/** Code, menu and heading, in Russian and in English. */
const SECTIONS = [
  ['S03-02', 'kb', 'База знаний', 'База знаний', 'Knowledge base', 'Knowledge base'],
  ['S03-03', 'lessons', 'Уроки', 'Уроки', 'Lessons', 'Lessons'],
  ['S03-04', 'trainings', 'Обучения', 'Обучение по программе', 'Trainings', 'Programme training'],
  ['S03-05', 'admissions', 'Допуски', 'Допуски', 'Admissions', 'Admissions'],
  ['S03-06', 'status', 'Статус', 'Настройка статусов', 'Status', 'Status setup'],
  [
    'S03-07',
    'notifications',
    'Уведомления',
    'Мои уведомления',
    'Notifications',
    'My notifications',
  ],
  ['S03-08', 'settings', 'Настройки', 'Мой профиль', 'Settings', 'My profile'],
  ['S03-09', 'calls', 'Управление звонками', 'Управление звонками', 'Call control', 'Call control'],
  ['S03-10', 'dialogs', 'Мои диалоги', 'Мои диалоги', 'My dialogs', 'My dialogs'],
  ['S03-11', 'campaigns', 'Кампании', 'Кампании', 'Campaigns', 'Campaigns'],
  ['S03-12', 'voicemail', 'Голосовая почта', 'Голосовая почта', 'Voicemail', 'Voicemail'],
  ['S03-13', 'callbacks', 'Заказы звонков', 'Заказы звонков', 'Callback orders', 'Callback orders'],
  ['S03-14', 'mails', 'Мои письма', 'Мои письма', 'My mail', 'My mail'],
  [
    'S03-15',
    'mailboxes',
    'Мои почтовые ящики',
    'Мои почтовые ящики',
    'My mailboxes',
    'My mailboxes',
  ],
  ['S03-16', 'my_calls', 'Мои звонки', 'Мои разговоры', 'My calls', 'My calls'],
  [
    'S03-17',
    'interactions',
    'Взаимодействия',
    'Мои взаимодействия',
    'Interactions',
    'My interactions',
  ],
  ['S03-18', 'im', 'Внутренние чаты', 'Внутренние чаты', 'Internal chats', 'Internal chats'],
  [
    'S03-19',
    'extensions',
    'Внутренние номера',
    'Внутренние номера пользователей',
    'Internal numbers',
    'Internal numbers of users',
  ],
  ['S03-20', 'agents', 'Операторы', 'Статусы операторов', 'Operators', "Operators' statuses"],
  ['S03-21', 'phone_panel', 'Панель телефонов', 'Панель телефонов', 'Phone panel', 'Phone panel'],
] as const;

const BUILT = ['settings', 'my_calls', 'interactions', 'extensions', 'phone_panel'];

const SHELL = {
  ru: {
    app: ['РМО', 'Рабочее место оператора'],
    nav: 'Разделы',
    groups: [
      'Обучение',
      'Подготовка к работе',
      'Сейчас',
      'Отложенные',
      'Архив',
      'В процессе работы',
    ],
    notBuilt: (it: string) => `Раздел «${it}» ещё не сделан. Появится в одной из следующих версий.`,
    status: ['Статус оператора', 'Без очередей'],
    noStatus: 'Очередей и статусов оператора пока нет. Звонки приходят прямо на вашу линию.',
    line: ['Линия 1001', 'Отключен'],
    lineHow: 'Статус линии определяет сервер: по регистрации телефона и по звонкам.',
    online: 'Подключено',
    rtt: /^\d+ мс$/,
    lost: 'Нет связи с сервером',
    talking: 'Разговор',
  },
  en: {
    app: ['Workspace', 'Operator workspace'],
    nav: 'Sections',
    groups: ['Learning', 'Getting ready', 'Now', 'Deferred', 'Archive', 'While working'],
    notBuilt: (it: string) =>
      `The section “${it}” is not built yet. It will come with a later version.`,
    status: ["Operator's status", 'No queues'],
    noStatus: "There are no queues and no operator's status yet. Calls come straight to your line.",
    line: ['Line 1001', 'Offline'],
    lineHow:
      "The line's status comes from the server: from the phone's registration and its calls.",
    online: 'Connected',
    rtt: /^\d+ ms$/,
    lost: 'No connection to the server',
    talking: 'Talking',
  },
} as const;
const languages = ['ru', 'en'] as const;

test.each(languages)('S03-01…21 in %s: twenty sections, each says what it is', async (locale) => {
  const words = SHELL[locale];
  const [menu, heading] = locale === 'ru' ? ([2, 3] as const) : ([4, 5] as const);
  const page = await office.windowOf('operator1', '/workspace', { locale });

  const app = page.getByRole('banner').locator('strong', { hasText: words.app[0] });
  expect(await app.getAttribute('title')).toBe(words.app[1]);
  const nav = page.getByRole('navigation', { name: words.nav });
  const items = nav.getByRole('link');
  await items.first().waitFor();
  expect(await items.allInnerTexts()).toEqual(SECTIONS.map((it) => it[menu]));
  expect(await items.locator('svg').count()).toBe(20);
  for (const name of words.groups) await nav.getByRole('region', { name, exact: true }).waitFor();
  for (const it of SECTIONS) {
    await nav.getByRole('link', { name: it[menu], exact: true }).click();
    await page.getByRole('heading', { level: 1, name: it[heading], exact: true }).waitFor();
    expect(new URL(page.url()).pathname, it[0]).toBe(`/workspace/${it[1]}`);
    await nav.locator('[aria-current="page"]', { hasText: it[menu] }).waitFor();
    if (BUILT.includes(it[1])) continue;
    await page.getByText(words.notBuilt(it[heading]), { exact: true }).waitFor();
  }
  expect(complaints(page)).toEqual([]);
  await page.close();
});

test('S03-02…21 a section shows how many wait in it, and one without its right is not there', async () => {
  // Somebody whose language no other test changes: the server keeps it.
  const page = await windowWith('operator7', (it) => ({
    ...it,
    menu: it.menu
      .filter(({ code }) => code !== 'campaigns')
      .map((item) => ({ ...item, badge: { mails: 3, dialogs: 120 }[item.code] ?? 0 })),
  }));

  const nav = page.getByRole('navigation', { name: 'Разделы' });
  await nav.getByRole('link', { name: 'Мои письма 3 ожидают' }).waitFor();
  await nav.getByRole('link', { name: 'Мои диалоги 99+ ожидают' }).waitFor();
  expect(await nav.getByRole('link').count()).toBe(19);
  expect(await nav.getByText('Кампании').count()).toBe(0);
  await page.goto('/workspace/campaigns');
  await page.getByText('Нет доступа к разделу «Кампании».').waitFor();
});

test.each(languages)('S03-22…24 in %s: status, line and connection', async (locale) => {
  const words = SHELL[locale];
  const page = await office.windowOf('operator1', '/workspace/settings', { locale });
  const bar = page.getByRole('banner');

  // S03-22: there are no queues in this version, and so no status; that is what it says.
  await bar.getByRole('button', { name: words.status.join(' ') }).click();
  await page.getByRole('dialog', { name: words.status[0] }).getByText(words.noStatus).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  const line = bar.getByRole('button', { name: words.line.join(' ') });
  expect((await line.allInnerTexts())[0]).toMatch(/1001\s*○\s*(Отключен|Offline)/);
  expect(await line.locator('[data-tone="off"]').count()).toBe(1);
  await line.click();
  await page.getByText(words.lineHow).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await bar.getByText(words.online, { exact: true }).waitFor();
  await bar.getByText(words.rtt).waitFor();
  expect(complaints(page)).toEqual([]);
  await page.close();
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

test('S03-24 a lost server is told within three seconds, what was typed stays, and it comes back', async () => {
  const page = await workspaceOf('operator4');
  const bar = page.getByRole('banner');
  await bar.getByText('Подключено').waitFor();
  await page.getByRole('button', { name: 'ИЗМЕНИТЬ ПАРОЛЬ' }).click();
  await page.getByLabel('Нынешний пароль').fill('half typed');
  await watchForLoss(page);

  const killedAt = Date.now();
  await office.server.kill();
  expect((await lossTold(page)) - killedAt).toBeLessThan(3000);
  await page.getByRole('alert').getByText('Нет связи с сервером').waitFor();
  await bar.getByText('Нет связи', { exact: true }).waitFor();
  await page.keyboard.type(' and more');
  await office.server.run();

  await page.getByText('Данные обновлены.').waitFor();
  await bar.getByText('Подключено').waitFor();
  expect(await page.getByLabel('Нынешний пароль').inputValue()).toBe('half typed and more');
});

test('S03-24 a silent network is told within three seconds, and missed events come when it is back', async () => {
  const page = await open(office.browser, office.server.url);
  let isCut = false;
  await page.routeWebSocket('**/api/v1/events', (socket) => {
    if (isCut) return void socket.close();
    const server = socket.connectToServer();
    socket.onMessage((it) => isCut || server.send(it));
    server.onMessage((it) => {
      if (!isCut) socket.send(it);
    });
  });
  await signIn(page, 'operator5', '/workspace/settings');
  const bar = page.getByRole('banner');
  await bar.getByText('Подключено').waitFor();

  await watchForLoss(page);
  isCut = true;
  const cutAt = Date.now();
  // Noticed 3 s after the last sign of life; the rest is for the timers of a loaded machine.
  expect((await lossTold(page)) - cutAt).toBeLessThan(5000);
  const phone = await Phone.register(office.server, { number: '1005' });
  isCut = false;

  await page.getByText('Данные обновлены.').waitFor();
  await bar.getByText('Свободен').waitFor();
  phone.close();
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

test('S03-25 a call that was answered opens by itself', async () => {
  const { page, tell } = await withEvents('operator7');

  await tell(await answeredCall(page));

  await page.waitForURL(/\/workspace\/call\/call-1/);
  await page.getByRole('heading', { name: /^Разговор \+74950000017 → 1007$/ }).waitFor();
});

test('S03-25 S03-26 a call that is answered while somebody types waits in its tab', async () => {
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
  const page = await office.windowOf(login, '/workspace/settings');
  await page.getByRole('heading', { level: 1 }).waitFor();
  return page;
}

/** The same, where `tell` makes the page hear an event that no server sent. */
async function withEvents(login: string): Promise<{ page: Page; tell: (frame: object) => void }> {
  const page = await open(office.browser, office.server.url);
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
    recording: 'off',
    is_recording_forced: false,
    actions: ['hangup'],
  };
}

/** A window of the user's, where the server's snapshot has a call of their line. */
async function withCall(login: string): Promise<Page> {
  const page = await windowWith(login, (it) => ({ ...it, calls: [callOf(it.lines[0])] }));
  await page.route('**/api/v1/calls/call-1/hangup', (route) => route.fulfill({ status: 202 }));
  await page.getByRole('region', { name: 'Телефон' }).getByText('Завершить').waitFor();
  return page;
}

interface Snapshot {
  readonly menu: readonly { readonly code: string }[];
  readonly lines: readonly [{ readonly id: string; readonly number: string }];
}

/** A window of the user's, where the server's snapshot is made into another. */
async function windowWith(login: string, make: (it: Snapshot) => object): Promise<Page> {
  const page = await open(office.browser, office.server.url);
  await page.route('**/api/v1/bootstrap', async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, json: make(await answer.json()) });
  });
  await signIn(page, login, '/workspace/settings');
  await page.getByRole('heading', { level: 1 }).waitFor();
  return page;
}
