// S10, «Мой профиль»: every row of the specification, in both languages.

import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { complaints, DEMO_PASSWORD, open, signIn } from './harness/browser';
import { errorBeside, labelled } from './harness/form';
import { ask, Office } from './harness/people';

let office: Office;
beforeAll(async () => {
  office = await Office.open();
});
afterAll(() => office?.close());

const WORDS = {
  ru: {
    title: 'Мой профиль',
    general: 'Общее',
    generalHow: /^Ваши личные параметры\. Ваши регистрационные данные/,
    facts: ['Продукт', 'Логин', 'Имя', 'Е-mail', 'Домен', 'Роли'],
    lines: 'Мои телефонные линии',
    linesHow:
      'Список внутренних номеров, привязанных к вашему рабочему месту. Здесь вы видите, на какие номера будут поступать входящие звонки.',
    columns: [
      'Номер телефона ↑',
      'Логин (имя пользователя)',
      'Состояние',
      'Второй вызов',
      'Голосовая почта',
    ],
    security: 'Безопасность',
    securityHow: /^Раздел управления доступом\./,
    change: 'ИЗМЕНИТЬ ПАРОЛЬ',
    fields: ['Нынешний пароль', 'Новый пароль', 'Новый пароль ещё раз'],
    save: 'СОХРАНИТЬ ПАРОЛЬ',
    required: 'Заполните это поле.',
    differ: 'Пароли не совпадают.',
    short: 'Не короче 8 знаков',
    rest: ['Звук и устройства', 'Уведомления', 'Горячие клавиши', 'Сеансы'],
    choices: ['Тема', 'Плотность', 'Язык'],
    noSound: 'Разговор идёт через ваш телефон: настроек звука в панели пока нет.',
    noNotifications: 'Уведомлений пока нет.',
    roles: ['Пользователь контакт-центра', 'Администратор платформы'],
  },
  en: {
    title: 'My profile',
    general: 'General',
    generalHow: /^Your personal details\. Your registration data/,
    facts: ['Product', 'Login', 'Name', 'E-mail', 'Domain', 'Roles'],
    lines: 'My phone lines',
    linesHow: 'Internal numbers assigned to your workplace: incoming calls will arrive at these.',
    columns: ['Phone number ↑', 'Login (user name)', 'State', 'Call waiting', 'Voicemail'],
    security: 'Security',
    securityHow: /^Access control\./,
    change: 'Change password',
    fields: ['Current password', 'New password', 'New password again'],
    save: 'Save password',
    required: 'Fill in this field.',
    differ: 'The passwords differ.',
    short: 'At least 8 characters',
    rest: ['Audio devices', 'Notifications', 'Shortcuts', 'Sessions'],
    choices: ['Theme', 'Density', 'Language'],
    noSound: 'You talk on your phone: there are no audio settings in the panel yet.',
    noNotifications: 'There are no notifications yet.',
    roles: ['Contact-centre user', 'Platform administrator'],
  },
} as const;
const languages = ['ru', 'en'] as const;

test.each(languages)('S10-01…09 in %s: sections, labels, what stands in them', async (locale) => {
  const words = WORDS[locale];
  const page = await office.windowOf('admin', '/workspace/settings', { locale });

  await page.getByRole('heading', { level: 1, name: words.title, exact: true }).waitFor();
  const general = page.getByRole('region', { name: words.general });
  await general.getByText(words.generalHow).waitFor();
  expect(await general.locator('dt').allInnerTexts()).toEqual(words.facts);
  const values = await general.locator('dd').allInnerTexts();
  expect(values.slice(0, 5)).toEqual([
    'Tandem',
    'admin',
    'Андрей Николаев',
    'admin@demo.tandem.test',
    'demo.tandem.test',
  ]);
  const chips = await general.getByRole('listitem').allInnerTexts();
  expect(chips).toEqual(expect.arrayContaining([...words.roles]));
  expect(await general.getByRole('textbox').count(), 'S10-03 is to be read').toBe(0);

  const lines = page.getByRole('region', { name: words.lines });
  await lines.getByText(words.linesHow, { exact: true }).waitFor();
  expect(await lines.getByRole('columnheader').allInnerTexts()).toEqual(words.columns);
  expect(await lines.getByRole('columnheader').first().getAttribute('aria-sort')).toBe('ascending');
  expect(await lines.getByRole('cell').allInnerTexts()).toEqual(
    expect.arrayContaining(['2001', '2001']),
  );

  const security = page.getByRole('region', { name: words.security });
  await security.getByText(words.securityHow).waitFor();
  await security.getByRole('button', { name: words.change, exact: true }).waitFor();
  for (const name of words.rest) {
    await page.getByRole('heading', { level: 2, name, exact: true }).waitFor();
  }
  for (const name of words.choices) await page.getByRole('radiogroup', { name }).waitFor();
  await page.getByText(words.noSound).waitFor();
  await page.getByText(words.noNotifications).waitFor();
  expect(complaints(page)).toEqual([]);
  await page.close();
});

test.each(languages)('S10-08 in %s: what is wrong stands beside its field', async (locale) => {
  const words = WORDS[locale];
  const page = await office.windowOf('operator1', '/workspace/settings', { locale });
  await page.getByRole('button', { name: words.change }).click();
  const [old, fresh, again] = words.fields.map((it) => labelled(page, it));
  if (!old || !fresh || !again) throw new Error('three fields');
  const save = page.getByRole('button', { name: words.save });

  await save.click();
  for (const it of words.fields) await errorBeside(page, it, words.required);
  expect(await old.evaluate((it) => it === document.activeElement)).toBe(true);
  await old.fill(DEMO_PASSWORD);
  await fresh.fill('one long password');
  await again.fill('another');
  await save.click();
  await errorBeside(page, words.fields[2], words.differ);
  expect(await again.evaluate((it) => it === document.activeElement)).toBe(true);
  await fresh.fill('short');
  await again.fill('short');
  await save.click();
  await errorBeside(page, words.fields[1], words.short);
  await old.fill('wrong');
  await fresh.fill('one long password');
  await again.fill('one long password');
  await save.click();
  await errorBeside(page, words.fields[0], /\S/);
  expect(await fresh.inputValue(), 'nothing typed is lost').toBe('one long password');
  await page.close();
});

test('S10-08 a new password works, ends the other sessions, and the old one is refused', async () => {
  const [page, other] = [await signedIn('operator3'), await signedIn('operator3')];
  await page.getByRole('button', { name: 'ИЗМЕНИТЬ ПАРОЛЬ' }).click();
  await labelled(page, 'Нынешний пароль').fill(DEMO_PASSWORD);
  await labelled(page, 'Новый пароль').fill('a long new password');
  await labelled(page, 'Новый пароль ещё раз').fill('a long new password');
  await page.keyboard.press('Enter');

  await page.getByText('Пароль изменён. Остальные сеансы завершены.').waitFor();
  await other.getByRole('dialog', { name: 'Сеанс завершён' }).waitFor();
  await page.getByRole('banner').getByText('Подключено').waitFor();
  await other.keyboard.type(DEMO_PASSWORD);
  await other.keyboard.press('Enter');
  const dialog = other.getByRole('dialog', { name: 'Сеанс завершён' });
  await dialog.getByRole('alert').filter({ hasText: /./ }).waitFor();
  await other.keyboard.type('a long new password');
  await other.keyboard.press('Enter');
  await dialog.waitFor({ state: 'detached' });
});

test('S10-03 S10-04 what an administrator changes is in the open profile at once', async () => {
  const admin = await office.windowOf('admin', '/favicon.svg');
  const page = await signedIn('operator5');
  const { items } = await ask<{ items: Person[] }>(admin, 'GET', '/admin/users');
  const person = items.find((it) => it.login === 'operator5');
  if (!person) throw new Error('operator5 is of the demo');
  const cell = page.getByRole('region', { name: 'Мои телефонные линии' }).getByText('1777').first();

  const line = { number: '1777', name: '', user_id: person.id };
  const made = await ask<Versioned>(admin, 'POST', '/admin/lines', line);
  await cell.waitFor();
  const nobody = { name: '', user_id: null };
  await ask(admin, 'PUT', `/admin/lines/${made.id}`, nobody, seen(made));
  await cell.waitFor({ state: 'detached' });

  const { email, position, locale, role_ids } = person;
  const renamed = { name: 'Другое Имя', email, position, locale, role_ids };
  await ask(admin, 'PUT', `/admin/users/${person.id}`, renamed, seen(person));
  await page.getByRole('region', { name: 'Общее' }).getByText('Другое Имя').waitFor();
  expect(complaints(page)).toEqual([]);
  await admin.close();
});

interface Versioned {
  readonly id: string;
  readonly version: number;
}

interface Person extends Versioned {
  readonly login: string;
  readonly email: string | null;
  readonly position: string | null;
  readonly locale: string;
  readonly role_ids: readonly string[];
}

const seen = ({ version }: Versioned) => ({ 'If-Match': String(version) });

test('S10-09 theme, density and language come along to another browser', async () => {
  const [page, opened] = [await signedIn('operator2'), await signedIn('operator2')];
  const kept = () =>
    page.waitForResponse((it) => it.request().method() === 'PUT' && it.url().includes('/me/'));
  for (const name of ['Тёмная', 'Компактно', 'English']) {
    const answer = kept();
    await page.getByRole('radio', { name }).click();
    expect((await answer).ok(), name).toBe(true);
  }
  await page.getByRole('heading', { name: 'My profile' }).waitFor();

  // One that is open already is not loaded anew for it.
  for (const elsewhere of [opened, await signedIn('operator2')]) {
    await elsewhere.getByRole('heading', { name: 'My profile' }).waitFor();
    await elsewhere.locator('html[data-theme="dark"][data-density="compact"][lang="en"]').waitFor();
  }
});

test('S10-09 what is chosen stands while another choice is kept before it', async () => {
  const page = await signedIn('supervisor');
  await ask(page, 'PUT', '/me/settings/theme', 'light');
  await ask(page, 'PUT', '/me/settings/density', 'normal');
  await page.reload();
  await page.locator('html[data-theme="light"][data-density="normal"]').waitFor();
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  await page.route('**/me/settings/density', async (route) => {
    await held;
    await route.continue();
  });
  const kept = (key: string) => page.waitForResponse((it) => it.url().endsWith(`/settings/${key}`));

  await page.getByRole('radio', { name: 'Компактно' }).click();
  const theme = kept('theme');
  await page.getByRole('radio', { name: 'Тёмная' }).click();
  await (await theme).finished();
  // What the page makes of the answer it has made by the second frame.
  await page.evaluate(
    () => new Promise((it) => requestAnimationFrame(() => requestAnimationFrame(it))),
  );
  expect(await page.locator('html').getAttribute('data-density')).toBe('compact');

  const density = kept('density');
  release();
  expect((await density).ok()).toBe(true);
});

test('S10-09 a session elsewhere is listed, and ended after a question', async () => {
  const [page, other] = [await signedIn('operator4'), await signedIn('operator4')];
  await page.reload();
  const sessions = page.getByRole('region', { name: 'Сеансы' });
  await sessions.getByText('Этот сеанс').waitFor();
  const end = sessions.getByRole('button', { name: 'Завершить' });
  await end.first().click();
  const question = page.getByRole('alertdialog', { name: 'Подтверждение' });
  await question.waitFor();
  expect(await question.getByRole('button').allInnerTexts()).toEqual(['ДА', 'НЕТ']);
  await page.keyboard.press('Escape');
  await question.waitFor({ state: 'detached' });
  await end.first().click();
  await question.waitFor();
  await page.keyboard.press('Enter');

  await end.waitFor({ state: 'detached' });
  await other.getByRole('dialog', { name: 'Сеанс завершён' }).waitFor();
});

/** A window with a session of its own. */
async function signedIn(login: string): Promise<Page> {
  const page = await open(office.browser, office.server.url);
  await signIn(page, login, '/workspace/settings');
  await page.getByRole('heading', { level: 1 }).waitFor();
  return page;
}
