// Every form of the administrator's part by the keyboard alone: opened, filled, refused, saved, given up
// and kept, with the focus where one goes on. No test here uses a mouse, nor puts the focus anywhere.

import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { button, rowOf } from './harness/admin';
import { complaints } from './harness/browser';
import { errorBeside, labelled } from './harness/form';
import { focused, pressBy, tabTo, write } from './harness/keys';
import { Office } from './harness/people';

let office: Office;
beforeAll(async () => {
  office = await Office.open();
});
afterAll(() => office?.close());

interface Form {
  readonly section: string;
  readonly add: string;
  /** What is written at first, by label; the form is refused. */
  readonly first: Readonly<Record<string, string>>;
  readonly wrong: { readonly field: string; readonly says: string; readonly instead: string };
  /** Finds the row of what was made. */
  readonly key: string;
  /** What is changed in it afterwards. */
  readonly change: { readonly field: string; readonly to: string };
  readonly hasPassword?: boolean;
}

const FORMS: readonly Form[] = [
  {
    section: 'users',
    add: 'Новый пользователь',
    first: { Логин: 'keyed', Пароль: 'short', Имя: 'Клава' },
    wrong: { field: 'Пароль', says: 'Не короче 8 знаков', instead: 'long enough' },
    key: 'keyed',
    change: { field: 'Должность', to: 'Оператор' },
    hasPassword: true,
  },
  {
    section: 'roles',
    add: 'Новая роль',
    first: { Код: 'Two words', 'Название по-русски': 'Роль', 'Название по-английски': 'Role' },
    wrong: { field: 'Код', says: 'До 64 знаков: a–z', instead: 'keyed' },
    key: 'keyed',
    change: { field: 'Название по-русски', to: 'Другая' },
  },
  {
    section: 'lines',
    add: 'Новая линия',
    first: { Номер: '0999', Пароль: 'long enough', Имя: 'Клава', 'Одновременных звонков': 'many' },
    wrong: { field: 'Одновременных звонков', says: 'Напишите целое число', instead: '2' },
    key: '0999',
    change: { field: 'Имя', to: 'Другая' },
    hasPassword: true,
  },
  {
    section: 'trunks',
    add: 'Новый транк',
    first: {
      Имя: 'keyed',
      'Куда звонить': '192.0.2.1:5060/udp',
      'Откуда приходят звонки': '192.0.2.1\n192.0.2.3',
      Порт: '70000',
    },
    wrong: { field: 'Порт', says: 'не порт', instead: '5060' },
    key: 'keyed',
    change: { field: 'Куда звонить', to: '192.0.2.2:5060/udp' },
  },
  {
    section: 'domains',
    add: 'Новый домен',
    first: { 'Другие имена': 'other.keyed.test', Имя: 'two words' },
    wrong: { field: 'Имя', says: 'напишите имя хоста', instead: 'keyed.test' },
    key: 'keyed.test',
    change: { field: 'Другие имена', to: 'another.keyed.test' },
  },
];

test.each(FORMS)('by the keyboard: $section', async (it) => {
  const page = await adminAt(it.section);
  const card = page.getByRole('complementary');
  const question = page.getByRole('alertdialog');
  const add = button(page, it.add);

  await pressBy(page, add);
  await focused(card.locator('input, textarea').first());
  for (const [label, text] of Object.entries(it.first)) {
    await write(page, labelled(card, label), text);
  }
  await pressBy(page, button(page, 'Сохранить'));
  await errorBeside(card, it.wrong.field, it.wrong.says);
  await focused(labelled(card, it.wrong.field));
  await write(page, labelled(card, it.wrong.field), it.wrong.instead);
  await pressBy(page, button(page, 'Сохранить'));
  await card.waitFor({ state: 'detached' });
  await focused(add);

  const row = await found(page, it.key);
  await page.keyboard.press('Enter');
  await card.waitFor();
  await page.keyboard.press('Escape');
  await card.waitFor({ state: 'detached' });
  await focused(row);
  await page.keyboard.press('Enter');
  const field = labelled(card, it.change.field);
  await write(page, field, it.change.to);
  await page.keyboard.press('Escape');
  await question.getByText('Закрыть и потерять несохранённое?').waitFor();
  await page.keyboard.press('Escape');
  await question.waitFor({ state: 'detached' });
  await focused(field);
  expect(await field.inputValue()).toBe(it.change.to);
  await page.keyboard.press('Escape');
  await question.locator(':focus').waitFor();
  await page.keyboard.press('Enter');
  await card.waitFor({ state: 'detached' });
  await focused(row);

  await page.keyboard.press('Enter');
  expect(await field.inputValue()).not.toBe(it.change.to);
  await write(page, field, it.change.to);
  await pressBy(page, button(page, 'Сохранить'));
  await card.waitFor({ state: 'detached' });
  await focused(row);
  await page.keyboard.press('Enter');
  await card.waitFor();
  expect(await field.inputValue()).toBe(it.change.to);
  await page.keyboard.press('Escape');
  await card.waitFor({ state: 'detached' });

  if (it.hasPassword) await changePassword(page, card);
  await tabTo(page, row);
  await pressBy(page, button(page, 'Удалить'));
  await question.locator(':focus').waitFor();
  await page.keyboard.press('Enter');
  await row.waitFor({ state: 'detached' });
  expect(complaints(page)).toEqual([]);
  await page.close();
});

async function changePassword(page: Page, card: Locator): Promise<void> {
  const change = button(page, 'Сменить пароль');
  await pressBy(page, change);
  const field = labelled(card, 'Новый пароль');
  await focused(field);
  await page.keyboard.type('short');
  await page.keyboard.press('Enter');
  await errorBeside(card, 'Новый пароль', /\S/);
  await focused(field);
  await page.keyboard.type('er than none');
  await page.keyboard.press('Enter');
  await page.getByText('Пароль сменён.').waitFor();
  await card.waitFor({ state: 'detached' });
  await focused(change);
}

test('by the keyboard: a dialplan is broken, told of, mended and put in force', async () => {
  const page = await office.windowOf('admin', '/admin/dialplans', WIDE);
  await page.getByText('Ошибок нет').waitFor();
  const text = page.getByRole('textbox', { name: 'Текст demo.toml' });
  const whole = await text.inputValue();

  await tabTo(page, text);
  await page.keyboard.press('ControlOrMeta+Home');
  await page.keyboard.type('broken\n');
  await pressBy(page, page.getByRole('button', { name: /^строка 1/ }));
  await focused(text);
  await page.keyboard.press('ControlOrMeta+Home');
  await page.keyboard.press('Shift+End');
  await page.keyboard.type('# mended');
  await page.getByText('Ошибок нет').waitFor();
  await tabTo(page, button(page, 'Ввести в действие'), 'Shift+Tab');
  await page.keyboard.press('Enter');
  await page.getByRole('alertdialog').waitFor();
  await page.keyboard.press('Escape');
  await focused(button(page, 'Ввести в действие'));
  expect(await text.inputValue()).toBe(`# mended\n${whole}`);
  await page.keyboard.press('Enter');
  await page.getByRole('alertdialog').waitFor();
  await page.keyboard.press('Enter');

  await page.getByText('Действует: demo.toml').waitFor();
  await page.close();
});

const WIDE = { width: 1920, height: 1080 };

/** The administrator's window, wide enough for all buttons, with its rows there. */
async function adminAt(section: string): Promise<Page> {
  const page = await office.windowOf('admin', `/admin/${section}`, WIDE);
  await page.locator('[data-row]').first().waitFor();
  return page;
}

/** Searches for a row and goes to it. */
async function found(page: Page, key: string): Promise<Locator> {
  await tabTo(page, page.getByRole('searchbox', { name: 'Поиск' }));
  await page.keyboard.type(key);
  const row = rowOf(page, key);
  await page.getByText(/^Загружено 1 из/).waitFor();
  await tabTo(page, row);
  return row;
}
