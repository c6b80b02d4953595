import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { complaints, DEMO_DOMAIN, DEMO_PASSWORD, launch, open, signIn } from './harness/browser';
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

test.each([
  { locale: 'ru', heading: 'Авторизация', fields: ['Домен', 'Логин', 'Пароль'], submit: 'ВОЙТИ' },
  {
    locale: 'en',
    heading: 'Authorisation',
    fields: ['Domain', 'Login', 'Password'],
    submit: 'SIGN IN',
  },
] as const)('the form speaks $locale', async ({ locale, heading, fields, submit }) => {
  const page = await open(browser, server.url, { locale });

  await page.goto('/login');

  await page.getByRole('heading', { name: heading }).waitFor();
  for (const field of fields) await page.getByLabel(field).first().waitFor();
  await page.getByRole('button', { name: submit }).waitFor();
});

test('the language is switched before a sign-in, and stays over a reload', async () => {
  const page = await open(browser, server.url, { locale: 'ru' });
  await page.goto('/login');

  await page.getByRole('radio', { name: 'English' }).click();
  await page.getByRole('heading', { name: 'Authorisation' }).waitFor();
  await page.reload();

  await page.getByRole('heading', { name: 'Authorisation' }).waitFor();
  expect(await page.locator('html').getAttribute('lang')).toBe('en');
});

test('an empty form names the fields, and the first of them has the focus', async () => {
  const page = await open(browser, server.url);
  await page.goto('/login');
  await page.getByLabel('Домен').fill('');

  await page.getByRole('button', { name: 'ВОЙТИ' }).click();

  await page.getByText('Заполните это поле.').first().waitFor();
  expect(await page.getByText('Заполните это поле.').count()).toBe(3);
  expect(await page.getByLabel('Домен').evaluate((it) => it === document.activeElement)).toBe(true);
});

test('a wrong password is said under the form, and the password can be typed anew', async () => {
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

test('recovering a password answers the same for somebody and for nobody', async () => {
  const page = await open(browser, server.url);
  const answers: (string | null)[] = [];
  for (const login of ['operator4', 'nobody-at-all']) {
    await page.goto('/login');
    await page.getByRole('link', { name: 'Восстановить пароль' }).click();
    await page.getByLabel('Домен').fill(DEMO_DOMAIN);
    await page.getByLabel('Логин').fill(login);
    await page.getByRole('button', { name: 'ОТПРАВИТЬ ПИСЬМО' }).click();
    answers.push(await page.getByRole('status').filter({ hasText: /./ }).textContent());
  }

  expect(answers[0]).toBe(answers[1]);
});

test('the launcher has the tiles of the user: an operator fewer than an administrator', async () => {
  const tiles: number[] = [];
  for (const login of ['operator5', 'vinogradova']) {
    const page = await open(browser, server.url);
    await signIn(page, login);
    await page.goto('/');
    await page.getByRole('row').first().waitFor();
    tiles.push(await page.getByRole('row').count());
    if (login === 'vinogradova') {
      await page.getByRole('row', { name: /^Builder/ }).click();
      await page.getByRole('region', { name: 'Сообщения' }).getByText(/./).first().waitFor();
      expect(new URL(page.url()).pathname).toBe('/');
    }
  }

  expect(tiles[0]).toBeLessThan(21);
  expect(tiles[1]).toBe(21);
});
