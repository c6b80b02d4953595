// Two people at one object, and what forms of the administrator's part say of what they do not take.

import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { button, hears, rowOf } from './harness/admin';
import { complaints } from './harness/browser';
import { errorBeside, labelled } from './harness/form';
import { ask, Office } from './harness/people';

let office: Office;
beforeAll(async () => {
  office = await Office.open();
});
afterAll(() => office?.close());

describe('two people at one object', () => {
  let mine: Page;
  let theirs: Page;
  beforeAll(async () => {
    mine = await office.windowOf('admin', '/favicon.svg');
    theirs = await office.windowOf('vinogradova', '/favicon.svg');
    await ask(mine, 'POST', '/admin/roles', {
      code: 'edited',
      title: { ru: 'Роль', en: 'Role' },
      rights: ['calls.own'],
    });
  });

  test.each([
    { section: 'users', key: 'operator3', path: '/admin/users', theirs: 'Имя', mine: 'Должность' },
    { section: 'lines', key: '1010', path: '/admin/lines', theirs: 'Имя', mine: RING },
    {
      section: 'roles',
      key: 'edited',
      path: '/admin/roles',
      theirs: 'Название по-русски',
      mine: 'Название по-английски',
    },
  ])(
    '$section: changes of different fields are both kept, and the later one is told of the earlier',
    async (it) => {
      const [me, other] = await bothAt(it.section, it.key);
      const typed = it.mine === RING ? '45' : 'typed by me';
      await labelled(me, it.mine).fill(typed);
      await labelled(other, it.theirs).fill('Чужое');
      await save(other);

      await me.getByText(/^Эту запись только что изменил vinogradova\./).waitFor();
      expect(await labelled(me, it.mine).inputValue()).toBe(typed);
      await save(me, 409);
      await expect.poll(() => labelled(me, it.theirs).inputValue(), POLL).toBe('Чужое');
      expect(await labelled(me, it.mine).inputValue()).toBe(typed);
      await save(me);

      const saved = JSON.stringify(await objectOf(mine, it.path, it.key));
      expect(saved).toContain('Чужое');
      expect(saved).toContain(it.mine === RING ? '"ring_timeout_s":45' : typed);
      await listShows(other, ['Чужое']);
    },
  );

  test.each([
    { section: 'users', key: 'operator4', path: '/admin/users', field: 'Имя' },
    { section: 'lines', key: '1011', path: '/admin/lines', field: 'Имя' },
    { section: 'roles', key: 'edited', path: '/admin/roles', field: 'Название по-английски' },
  ])('$section: where both changed one field, both texts are there to choose from', async (it) => {
    for (const [choice, kept] of [
      ['Оставить моё', 'mine 1'],
      ['Принять чужое', 'theirs 2'],
    ] as const) {
      const round = kept.slice(-1);
      const [me, other] = await bothAt(it.section, it.key);
      const text = me.getByRole('textbox', { name: it.field, exact: true });
      await text.fill(`mine ${round}`);
      await labelled(other, it.field).fill(`theirs ${round}`);
      await save(other);
      await me.getByText(/^Эту запись только что изменил vinogradova\./).waitFor();
      await save(me, 409);

      const conflict = me.getByRole('group', { name: it.field });
      await conflict.getByText(`theirs ${round}`).waitFor();
      expect(await text.inputValue()).toBe(`mine ${round}`);
      expect(await button(me, 'Сохранить').isDisabled()).toBe(true);
      await conflict.getByRole('button', { name: choice }).click();
      await conflict.waitFor({ state: 'detached' });
      expect(await text.inputValue()).toBe(kept);
      if (choice === 'Оставить моё') await save(me);
      else await button(me, 'Закрыть').click();
      expect(JSON.stringify(await objectOf(mine, it.path, it.key))).toContain(kept);
    }
  });

  test('an object that somebody removed meanwhile: the form says so and keeps what was typed', async () => {
    const [me, other] = await bothAt('lines', '1012');
    await labelled(me, 'Имя').fill('typed by me');
    await button(other, 'Закрыть').click();
    await rowOf(other, '1012').click();
    // The toolbar has no room for all.
    await button(other, 'Ещё').click();
    await other.getByRole('menuitem', { name: 'Удалить', exact: true }).click();
    await button(other, 'ДА').click();
    await rowOf(other, '1012').waitFor({ state: 'detached' });
    await save(me, 404);

    await me.getByRole('complementary').getByRole('alert').waitFor();
    expect(await labelled(me, 'Имя').inputValue()).toBe('typed by me');
    expect(complaints(me)).toEqual([]);
    expect(complaints(other)).toEqual([]);
  });

  /** Both windows with the form of one object open. */
  async function bothAt(section: string, key: string): Promise<[Page, Page]> {
    const both: [Page, Page] = [mine, theirs];
    for (const it of both) {
      await it.bringToFront();
      await it.goto(`/admin/${section}`);
      await rowOf(it, key).click();
      await button(it, 'Изменить').click();
      await it.getByRole('complementary').waitFor();
      // Their events must be on before the other one acts.
      await hears(it, 'ru');
    }
    return both;
  }
});

const RING = 'Ждать ответа, с';
const POLL = { timeout: 30_000 };

const TEXTS = {
  ru: {
    add: { users: 'Новый пользователь', roles: 'Новая роль', lines: 'Новая линия' },
    edit: 'Изменить',
    password: 'Сменить пароль',
    save: 'Сохранить',
    close: 'Закрыть',
    login: 'Логин',
    secret: 'Пароль',
    newSecret: 'Новый пароль',
    name: 'Имя',
    email: 'Электронная почта',
    code: 'Код',
    titleRu: 'Название по-русски',
    titleEn: 'Название по-английски',
    number: 'Номер',
    callsMax: 'Одновременных звонков',
    ring: RING,
    says: {
      short: 'Не короче 8 знаков',
      noName: 'Укажите имя',
      noMail: 'Это не адрес почты',
      badLogin: 'До 64 букв, цифр',
      taken: 'Такое значение уже есть',
      badCode: 'До 64 знаков: a–z',
      length: 'От 1 до 100 знаков',
      badNumber: 'До 32 цифр',
      lineSecret: 'От 8 до 128 знаков',
      whole: 'Напишите целое число',
      calls: 'От 1 до 1000 или пусто',
      ring: 'От 5 до 600 секунд',
      oneLine: 'Одна строка до 100 знаков',
    },
  },
  en: {
    add: { users: 'New user', roles: 'New role', lines: 'New line' },
    edit: 'Edit',
    password: 'Change password',
    save: 'Save',
    close: 'Close',
    login: 'Login',
    secret: 'Password',
    newSecret: 'New password',
    name: 'Name',
    email: 'E-mail',
    code: 'Code',
    titleRu: 'Title in Russian',
    titleEn: 'Title in English',
    number: 'Number',
    callsMax: 'Calls at once',
    ring: 'Ring for, s',
    says: {
      short: 'At least 8 characters',
      noName: 'Give a name',
      noMail: 'This is no mail address',
      badLogin: 'Up to 64 letters',
      taken: 'This value is there already',
      badCode: 'Up to 64 of a to z',
      length: '1 to 100 characters',
      badNumber: 'Up to 32 digits',
      lineSecret: 'From 8 to 128 letters',
      whole: 'Write a whole number',
      calls: 'From 1 to 1000, or empty',
      ring: 'From 5 to 600 seconds',
      oneLine: 'One line of up to 100 letters',
    },
  },
} as const;

describe.each(['ru', 'en'] as const)('forms in %s say what is wrong beside the field', (locale) => {
  const its = TEXTS[locale];
  const { says } = its;
  const login = { ru: 'admin', en: 'vinogradova' }[locale];
  let at: Page;
  beforeAll(async () => {
    at = await office.windowOf(login, '/admin/users', { locale });
  });

  test('users: new, edited, password', async () => {
    await opened('users', its.add.users);
    const form = at.getByRole('complementary');
    await fill(form, { [its.login]: 'two words', [its.secret]: 'short', [its.email]: 'nobody' });
    await refused(form, { [its.secret]: says.short });
    await fill(form, { [its.secret]: 'long enough' });
    await refused(form, { [its.name]: says.noName, [its.email]: says.noMail });
    await fill(form, { [its.name]: 'Somebody', [its.email]: 'nobody@example.org' });
    await refused(form, { [its.login]: says.badLogin });
    await fill(form, { [its.login]: 'operator1' });
    await refused(form, { [its.login]: says.taken });
    expect(await labelled(form, its.name).inputValue()).toBe('Somebody');
    expect(await labelled(form, its.secret).inputValue()).toBe('long enough');

    await opened('users', its.edit, 'operator1');
    await fill(form, { [its.name]: ' ', [its.email]: 'nobody' });
    await refused(form, { [its.name]: says.noName, [its.email]: says.noMail });
    await opened('users', its.password, 'operator1');
    await fill(form, { [its.newSecret]: 'short' });
    await refused(form, { [its.newSecret]: says.short });
  });

  test('roles: new', async () => {
    await opened('roles', its.add.roles);
    const form = at.getByRole('complementary');
    await fill(form, { [its.code]: 'Two words' });
    await refused(form, { [its.titleRu]: says.length, [its.titleEn]: says.length });
    await fill(form, { [its.titleRu]: 'Роль', [its.titleEn]: 'Role' });
    await refused(form, { [its.code]: says.badCode });
    await fill(form, { [its.code]: 'km_user' });
    await refused(form, { [its.code]: says.taken });
    expect(await labelled(form, its.titleEn).inputValue()).toBe('Role');
  });

  test('lines: new, edited, password', async () => {
    await opened('lines', its.add.lines);
    const form = at.getByRole('complementary');
    await fill(form, {
      [its.number]: 'two words',
      [its.secret]: 'short',
      [its.callsMax]: 'many',
      [its.ring]: '1.5',
    });
    await refused(form, { [its.callsMax]: says.whole, [its.ring]: says.whole });
    await fill(form, { [its.callsMax]: '5000', [its.ring]: '1', [its.name]: 'W'.repeat(101) });
    await refused(form, {
      [its.number]: says.badNumber,
      [its.callsMax]: says.calls,
      [its.ring]: says.ring,
      [its.name]: says.oneLine,
    });
    await fill(form, {
      [its.number]: '1001',
      [its.callsMax]: '',
      [its.ring]: '30',
      [its.name]: 'Somebody',
    });
    await refused(form, { [its.secret]: says.lineSecret });
    await fill(form, { [its.secret]: 'long enough' });
    await refused(form, { [its.number]: says.taken });
    expect(await labelled(form, its.name).inputValue()).toBe('Somebody');

    await opened('lines', its.edit, '1013');
    await fill(form, { [its.ring]: '', [its.callsMax]: '-1' });
    await refused(form, { [its.callsMax]: says.whole });
    await fill(form, { [its.callsMax]: '0' });
    await refused(form, { [its.callsMax]: says.calls, [its.ring]: says.ring });
    await opened('lines', its.password, '1013');
    await fill(form, { [its.newSecret]: 'short' });
    await refused(form, { [its.newSecret]: says.lineSecret });
    expect(complaints(at)).toEqual([]);
  });

  /** The form of a new object, or by a button of the row that has `key` in it. */
  async function opened(section: string, name: string, key?: string): Promise<void> {
    await at.goto(`/admin/${section}`);
    await at.locator('[data-row]').first().waitFor();
    if (key !== undefined) await rowOf(at, key).click();
    await button(at, name).click();
    await at.getByRole('complementary').waitFor();
  }

  /** Saving is refused, with these words beside these fields. */
  async function refused(form: Locator, errors: Readonly<Record<string, string>>): Promise<void> {
    await form.getByRole('button', { name: its.save }).click();
    for (const [label, words] of Object.entries(errors)) await errorBeside(form, label, words);
  }
});

async function fill(form: Locator, values: Readonly<Record<string, string>>): Promise<void> {
  for (const [label, value] of Object.entries(values)) await labelled(form, label).fill(value);
}

/** Presses «Сохранить» and waits for the server's answer, by default that it is saved. */
async function save(at: Page, status = 200): Promise<void> {
  await at.bringToFront();
  const answered = at.waitForResponse((it) => it.request().method() === 'PUT');
  await button(at, 'Сохранить').click();
  expect((await answered).status()).toBe(status);
}

const listShows = async (at: Page, texts: readonly string[]): Promise<void> => {
  for (const it of texts) await at.locator('[data-row]').getByText(it).first().waitFor();
};

interface Kept {
  readonly login?: string;
  readonly number?: string;
  readonly code?: string;
}

async function objectOf(at: Page, path: string, key: string): Promise<Kept | undefined> {
  const { items } = await ask<{ items: Kept[] }>(at, 'GET', path);
  return items.find((it) => [it.login, it.number, it.code].includes(key));
}
