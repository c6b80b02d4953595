// S02, the choice of products: every tile by its row of the specification, in both languages.

import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { complaints } from './harness/browser';
import { ask, Office } from './harness/people';

let office: Office;
beforeAll(async () => {
  office = await Office.open();
});
afterAll(() => office?.close());

/** Row, title and caption; a locked tile says why instead of its caption. */
const TILES = [
  ['S02-01', 'Builder', 'Builder'],
  ['S02-02', 'Объектная модель', 'Object model'],
  ['S02-03', 'Наблюдатель', 'Observer'],
  ['S02-04', 'Тестировщик', 'Tester'],
  ['S02-05', 'ETL', 'ETL'],
  ['S02-06', 'Обращение', 'Request (case)'],
  ['S02-07', 'Кабинет', 'Personal account'],
  ['S02-08', 'Оператор контакт-центра', 'Contact-centre operator'],
  ['S02-09', 'Отчеты', 'Reports'],
  ['S02-10', 'Мои подчиненные', 'My team'],
  ['S02-11', 'Мульти-админ', 'Multi-admin'],
  ['S02-12', 'Супервизор контакт-центра', 'Contact-centre supervisor'],
  ['S02-13', 'Исходящие кампании', 'Outbound campaigns'],
  ['S02-14', 'Администратор контакт-центра', 'Contact-centre administrator'],
  ['S02-15', 'Глобальный', 'Global'],
  ['S02-16', 'Настройки', 'Settings'],
  ['S02-17', 'Софтфон', 'Softphone'],
  ['S02-18', 'Селектор', 'Conference dispatcher (selector)'],
  ['S02-19', 'ВКС', 'Video conferencing'],
  ['S02-20', 'Администратор', 'Administrator'],
  ['S02-21', 'ИИ', 'AI'],
] as const;

/** As the server says them: those of locked tiles come into sight when their products are built. */
const CAPTIONS: Readonly<Record<string, readonly [string, string]>> = {
  'S02-01': ['Управление продуктовым слоем', 'Product layer management'],
  'S02-02': ['Объектная модель платформы', 'Platform object model'],
  'S02-03': ['Мониторинг системы', 'System monitoring'],
  'S02-04': ['Нагрузочное и функциональное тестирование', 'Load and functional testing'],
  'S02-05': ['Extract, transform and load data', 'Extract, transform and load data'],
  'S02-06': ['новые тест', 'demo text'],
  'S02-07': ['Личный кабинет пользователя', "User's personal account"],
  'S02-08': ['Автоматическое открытие карточек', 'Cards open automatically'],
  'S02-09': ['Дашборды, мониторинг, динамика, архив', 'Dashboards, monitoring, trends, archive'],
  'S02-10': ['Отчеты по моему подразделению', 'Reports on my department'],
  'S02-11': ['Мульти-админ', 'Multi-domain admin'],
  'S02-12': ['Управление контакт-центром', 'Contact-centre management'],
  'S02-13': ['Автоматические и с участием операторов', 'Automatic and operator-assisted'],
  'S02-14': ['Настройка алгоритмов обработки вызовов', 'Call-handling logic'],
};

const LOCKED = {
  ru: 'Этот раздел появится в одной из следующих версий',
  en: 'This section comes with a later version',
};

/** Tiles that lead somewhere in this version. */
const OPEN = ['S02-08', 'S02-20'];

test.each([
  { locale: 'ru', at: 1, heading: 'Выбор продукта', who: 'Меню пользователя Евгения Виноградова' },
  { locale: 'en', at: 2, heading: 'Products', who: 'Menu of Евгения Виноградова' },
] as const)('S02-00…21 in $locale: header, tiles in order, captions, locks', async (look) => {
  const { locale, at, heading, who } = look;
  const page = await office.windowOf('vinogradova', '/', { locale });
  await page.getByRole('heading', { name: heading }).waitFor();

  expect(await page.getByRole('banner').textContent()).toMatch(
    /^Tandem\s*Евгения Виноградова · Админ @ demo\.tandem\.test/,
  );
  await page.getByRole('button', { name: who }).waitFor();
  const tiles = page.getByRole('row');
  const names = await tiles.locator('strong').allInnerTexts();
  expect(names).toEqual(TILES.map((it) => it[at]));
  const icons = await tiles.evaluateAll((all) =>
    all.map((it) => it.querySelector('svg')?.innerHTML),
  );
  expect(new Set(icons).size, 'each tile has an icon of its own').toBe(TILES.length);
  const products = await productsOf(page);
  const texts = await tiles.allInnerTexts();
  for (const [n, [row]] of TILES.entries()) {
    const isOpen = OPEN.includes(row);
    const caption = CAPTIONS[row]?.[at - 1] ?? '';
    expect(products[n]?.caption[locale], row).toBe(caption);
    expect(texts[n]?.replace(/\s+/g, ' ').trim(), row).toBe(
      `${names[n]} ${isOpen ? caption : LOCKED[locale]}`.trim(),
    );
    expect(await tiles.nth(n).locator('svg').count(), row).toBe(isOpen ? 1 : 2);
  }
  expect(complaints(page)).toEqual([]);
  await page.close();
});

test('S02-08 and S02-20 lead on, every other tile says why it does not', async () => {
  const page = await office.windowOf('vinogradova', '/');
  const tile = (name: string) => page.getByRole('row').filter({ hasText: name }).first();
  const said = page.getByRole('region', { name: 'Сообщения' }).getByText(LOCKED.ru);

  for (const name of ['Builder', 'Софтфон', 'ИИ']) {
    await tile(name).click();
    await said.first().waitFor();
    expect(new URL(page.url()).pathname, name).toBe('/');
    await page.getByRole('button', { name: 'Закрыть сообщение' }).first().click();
    await said.waitFor({ state: 'detached' });
  }
  await tile('Оператор контакт-центра').click();
  await page.waitForURL(/\/workspace\/calls$/);
  await page.getByRole('heading', { name: 'Управление звонками' }).waitFor();
  await page.getByRole('link', { name: 'Выбор продукта' }).click();
  await page
    .getByRole('row')
    .nth(TILES.findIndex(([row]) => row === 'S02-20'))
    .click();
  await page.waitForURL(/\/admin\//);
});

test('S02-00 the menu of the header leads to the profile and out, in the workspace to more', async () => {
  const page = await office.windowOf('supervisor', '/');
  const menu = () => page.getByRole('button', { name: /^Меню пользователя/ }).click();
  await menu();
  await page.getByText('supervisor @ demo.tandem.test').waitFor();
  expect(await page.getByRole('menuitem').allInnerTexts()).toEqual(['Мой профиль', 'Выйти']);
  await page.getByRole('menuitem', { name: 'Мой профиль' }).click();

  await page.getByRole('heading', { name: 'Мой профиль' }).waitFor();
  await menu();
  expect(await page.getByRole('menuitem').allInnerTexts()).toEqual([
    'Мой профиль',
    'Выбор продукта',
    'Горячие клавиши',
    'Выйти',
  ]);
  await page.getByRole('menuitem', { name: 'Горячие клавиши' }).click();
  await page.getByRole('dialog', { name: 'Горячие клавиши' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await menu();
  await page.getByRole('menuitem', { name: 'Выбор продукта' }).click();
  await page.getByRole('heading', { name: 'Выбор продукта' }).waitFor();
});

const EVERYBODY = ['Кабинет', 'Софтфон', 'Селектор', 'ВКС', 'ИИ'];
const OPERATOR = ['Обращение', 'Оператор контакт-центра'];
const SUPERVISOR = ['Отчеты', 'Мои подчиненные', 'Супервизор контакт-центра', 'Исходящие кампании'];

test.each([
  { login: 'operator1', tiles: [...EVERYBODY, ...OPERATOR] },
  { login: 'Jan2', tiles: [...EVERYBODY, ...OPERATOR] },
  { login: 'supervisor', tiles: [...EVERYBODY, ...OPERATOR, ...SUPERVISOR] },
  { login: 'admin', tiles: TILES.map((it) => it[1]) },
])('S02 $login sees the tiles of their roles and no other', async ({ login, tiles }) => {
  const page = await office.windowOf(login, '/');
  await page.getByRole('row').first().waitFor();

  const names = await page.getByRole('row').locator('strong').allInnerTexts();

  expect(names).toEqual(TILES.map((it) => it[1]).filter((it) => tiles.includes(it)));
  expect((await productsOf(page)).map((it) => it.title.ru)).toEqual(names);
  await page.close();
});

interface Product {
  readonly title: { readonly ru: string; readonly en: string };
  readonly caption: { readonly ru: string; readonly en: string };
}

async function productsOf(page: Page): Promise<readonly Product[]> {
  return (await ask<{ products: Product[] }>(page, 'GET', '/me')).products;
}
