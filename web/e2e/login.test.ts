import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  complaints,
  DEMO_DOMAIN,
  DEMO_PASSWORD,
  fillLogin,
  launch,
  open,
  signIn,
} from './harness/browser';
import { errorBeside, labelled } from './harness/form';
import { Server } from './harness/server';
import { waitFor } from './harness/wait';

let server: Server;
let browser: Browser;
beforeAll(async () => {
  [server, browser] = await Promise.all([Server.start(), launch()]);
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

test('by keyboard alone: sign in, choose the product, walk to the profile', async () => {
  const page = await open(browser, server.url);
  await page.goto('/');
  await page.getByRole('heading', { name: 'Авторизация' }).waitFor();

  // The domain is known from the host, so that the login has the focus.
  await page.keyboard.type('vinogradova');
  await page.keyboard.press('Tab');
  await page.keyboard.type(DEMO_PASSWORD);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Выбор продукта' }).waitFor();
  await page.getByRole('grid').focus();
  const operator = page.getByRole('row', { name: /Оператор контакт-центра/ });
  for (
    let n = 0;
    n < 21 && !(await operator.evaluate((it) => it === document.activeElement));
    n++
  ) {
    await page.keyboard.press('ArrowRight');
  }
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/workspace\//);
  const settings = page.getByRole('link', { name: 'Настройки' });
  await settings.waitFor();
  for (
    let n = 0;
    n < 40 && !(await settings.evaluate((it) => it === document.activeElement));
    n++
  ) {
    await page.keyboard.press('Tab');
  }
  await page.keyboard.press('Enter');

  await page.getByRole('heading', { name: 'Мой профиль' }).waitFor();
  expect(await page.getByText('demo.tandem.test').count()).toBeGreaterThan(0);
  expect(complaints(page)).toEqual([]);
});

const WORDS = {
  ru: {
    title: 'Авторизация',
    domain: 'Домен',
    login: 'Логин',
    password: 'Пароль',
    submit: 'ВОЙТИ',
    recover: 'Восстановить пароль',
    show: 'Показать пароль',
    hide: 'Скрыть пароль',
    capsLock: 'Включён Caps Lock.',
    required: 'Заполните это поле.',
    recovery: 'Восстановление пароля',
    send: 'ОТПРАВИТЬ ПИСЬМО',
    save: 'СОХРАНИТЬ ПАРОЛЬ',
    fresh: 'Новый пароль',
    again: 'Новый пароль ещё раз',
    differ: 'Пароли не совпадают.',
    short: /Не короче/i,
    expired: /Ссылка устарела/,
  },
  en: {
    title: 'Authorisation',
    domain: 'Domain',
    login: 'Login',
    password: 'Password',
    submit: 'Sign in',
    recover: 'Recover password',
    show: 'Show password',
    hide: 'Hide password',
    capsLock: 'Caps Lock is on.',
    required: 'Fill in this field.',
    recovery: 'Password recovery',
    send: 'Send e-mail',
    save: 'Save password',
    fresh: 'New password',
    again: 'New password again',
    differ: 'The passwords differ.',
    short: /at least/i,
    expired: /The link is too old/,
  },
} as const;
const languages = ['ru', 'en'] as const;

test.each(languages)('S01-01…07 in %s: labels, stars, what is masked', async (locale) => {
  const words = WORDS[locale];
  const page = await at('/login', locale);

  await page.getByRole('heading', { level: 1, name: words.title, exact: true }).waitFor();
  for (const name of [words.domain, words.login, words.password]) {
    expect(await labelled(page, name).getAttribute('aria-required'), name).toBe('true');
    const label = page.locator('label').filter({ hasText: name });
    expect(await label.allInnerTexts()).toEqual([`${name} *`]);
  }
  const password = page.locator('input[autocomplete="current-password"]');
  expect(await password.getAttribute('type')).toBe('password');
  await page.getByRole('button', { name: words.submit, exact: true }).waitFor();
  await page.getByRole('link', { name: words.recover, exact: true }).waitFor();
  expect(await page.getByRole('radio', { name: /^(Русский|English)$/ }).allInnerTexts()).toEqual([
    'RU',
    'EN',
  ]);

  await page.getByRole('button', { name: words.show }).click();
  expect(await password.getAttribute('type')).toBe('text');
  await page.getByRole('button', { name: words.hide }).click();
  expect(await password.getAttribute('type')).toBe('password');
  await password.dispatchEvent('keydown', { key: 'a', modifierCapsLock: true });
  await page.getByText(words.capsLock).waitFor();
  await page.context().close();
});

test('S01-02 the domain is that of the host, then that of the last sign-in', async () => {
  const page = await at('/login');
  await waitForValue(page, 'Домен', DEMO_DOMAIN);
  await page.getByLabel('Домен').fill('127.0.0.1');
  await page.getByLabel('Логин').fill('operator6');
  await page.locator('input[autocomplete="current-password"]').fill(DEMO_PASSWORD);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Выбор продукта' }).waitFor();
  await page.getByRole('button', { name: /^Меню пользователя/ }).click();
  await page.getByRole('menuitem', { name: 'Выйти' }).click();

  await page.getByRole('heading', { name: 'Авторизация' }).waitFor();
  expect(await page.getByLabel('Домен').inputValue()).toBe('127.0.0.1');
});

test('S01-02 whoever types faster than the server tells the domain is let in', async () => {
  const { page, answer } = await withoutHint();
  await page.getByLabel('Логин').fill('operator7');
  await page.locator('input[autocomplete="current-password"]').fill(DEMO_PASSWORD);
  await page.keyboard.press('Enter');
  await page.locator('button[type="submit"][disabled]').waitFor();

  answer();

  await page.getByRole('heading', { name: 'Выбор продукта' }).waitFor();
});

test('S01-02 the domain of the host does not come under the hands of who types another', async () => {
  const { page, answer } = await withoutHint();
  const domain = page.getByLabel('Домен');
  await domain.focus();
  const told = page.waitForResponse('**/auth/hint');
  answer();
  await (await told).finished();
  await page.keyboard.type('elsewhere.example');

  expect(await domain.inputValue()).toBe('elsewhere.example');
  await domain.fill('');
  await page.getByRole('button', { name: 'ВОЙТИ' }).click();
  await errorBeside(page, 'Домен', 'Заполните это поле.');
});

test('S01-05 the button waits while the server thinks, and the form is sent once', async () => {
  const page = await at('/login');
  let sent = 0;
  let answer = () => {};
  const held = new Promise<void>((go) => {
    answer = go;
  });
  await page.route('**/auth/login', async (route) => {
    sent += 1;
    await held;
    await route.continue();
  });
  await fillLogin(page, 'operator8', DEMO_PASSWORD);
  await page.keyboard.press('Enter');
  await page.locator('button[type="submit"][disabled]').waitFor();
  await page.keyboard.press('Enter');
  answer();

  await page.getByRole('heading', { name: 'Выбор продукта' }).waitFor();
  expect(sent).toBe(1);
});

test.each(languages)('S01-06 in %s: what is wrong stands beside its field', async (locale) => {
  const words = WORDS[locale];
  const page = await at('/login', locale);
  await page.getByRole('link', { name: words.recover }).click();
  await page.getByRole('heading', { name: words.recovery }).waitFor();
  await page.getByLabel(words.domain).fill(' ');
  await page.getByRole('button', { name: words.send }).click();
  await errorBeside(page, words.domain, words.required);
  await errorBeside(page, words.login, words.required);

  await page.goto('/recover?token=never-made');
  await page.getByRole('heading', { name: words.recovery }).waitFor();
  const save = page.getByRole('button', { name: words.save });
  await save.click();
  await errorBeside(page, words.fresh, words.required);
  await errorBeside(page, words.again, words.required);
  const [fresh, again] = [labelled(page, words.fresh), labelled(page, words.again)];
  await fresh.fill('one long password');
  await again.fill('another long password');
  await save.click();
  await errorBeside(page, words.again, words.differ);
  await fresh.fill('short');
  await again.fill('short');
  await save.click();
  await errorBeside(page, words.fresh, words.short);
  await fresh.fill('one long password');
  await again.fill('one long password');
  await save.click();
  await page.getByRole('alert').filter({ hasText: words.expired }).waitFor();
  expect(complaints(page)).toEqual([]);
  await page.context().close();
});

test('S01-07 the language is switched before a sign-in, and stays over a reload', async () => {
  const page = await open(browser, server.url, { locale: 'ru' });
  await page.goto('/login');

  await page.getByRole('radio', { name: 'English' }).click();
  await page.getByRole('heading', { name: 'Authorisation' }).waitFor();
  await page.reload();

  await page.getByRole('heading', { name: 'Authorisation' }).waitFor();
  expect(await page.locator('html').getAttribute('lang')).toBe('en');
});

test('S01-05 an empty form names the fields, and the first of them has the focus', async () => {
  const page = await open(browser, server.url);
  await page.goto('/login');
  await waitForValue(page, 'Домен', DEMO_DOMAIN);
  await page.getByLabel('Домен').fill('');

  await page.getByRole('button', { name: 'ВОЙТИ' }).click();

  await page.getByText('Заполните это поле.').first().waitFor();
  expect(await page.getByText('Заполните это поле.').count()).toBe(3);
  expect(await page.getByLabel('Домен').evaluate((it) => it === document.activeElement)).toBe(true);
});

test('S01-05 a wrong password is said under the form, and the password can be typed anew', async () => {
  const page = await open(browser, server.url);
  await page.goto('/login');
  await page.getByLabel('Домен').fill(DEMO_DOMAIN);
  await page.getByLabel('Логин').fill('operator2');
  await page.getByLabel('Пароль', { exact: false }).first().fill('wrong');
  await page.keyboard.press('Enter');

  await page.getByRole('alert').filter({ hasText: /./ }).waitFor();
  await page.keyboard.type(DEMO_PASSWORD);
  await page.keyboard.press('Enter');

  await page.waitForURL((url) => url.pathname !== '/login');
});

test('an address asked for before a sign-in is where it leads', async () => {
  const page = await open(browser, server.url);

  await signIn(page, 'operator3', '/workspace/settings');

  await page.getByRole('heading', { name: 'Мой профиль' }).waitFor();
});

test('S01-06 recovering a password answers the same for somebody and for nobody', async () => {
  const page = await open(browser, server.url);
  const answers: (string | null)[] = [];
  for (const login of ['operator4', 'nobody-at-all']) {
    await page.goto('/login');
    await page.getByRole('link', { name: 'Восстановить пароль' }).click();
    // The form before it has the same two labels, and stays until this one is loaded.
    await page.getByRole('heading', { name: 'Восстановление пароля' }).waitFor();
    await page.getByLabel('Домен').fill(DEMO_DOMAIN);
    await page.getByLabel('Логин').fill(login);
    await page.getByRole('button', { name: 'ОТПРАВИТЬ ПИСЬМО' }).click();
    answers.push(await page.getByRole('status').filter({ hasText: /./ }).textContent());
  }

  expect(answers[0]).toBe(answers[1]);
});

/** A window at `path`, ready to be typed into. */
async function at(path: string, locale: 'ru' | 'en' = 'ru'): Promise<Page> {
  const page = await open(browser, server.url, { locale });
  await page.goto(path);
  await page.getByRole('heading', { level: 1 }).waitFor();
  return page;
}

/** A window at the sign-in, where the server does not tell the domain before `answer`. */
async function withoutHint(): Promise<{ page: Page; answer: () => void }> {
  const page = await open(browser, server.url);
  let answer = () => {};
  const held = new Promise<void>((resolve) => {
    answer = resolve;
  });
  const asked = page.waitForRequest('**/auth/hint');
  await page.route('**/auth/hint', async (route) => {
    await held;
    await route.continue();
  });
  await page.goto('/login');
  await asked;
  return { page, answer };
}

const waitForValue = (page: Page, label: string, value: string) =>
  waitFor(`${label} being ${value}`, 60_000, async () =>
    (await page.getByLabel(label).inputValue()) === value ? true : undefined,
  );
