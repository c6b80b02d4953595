// A server that is gone while somebody works at a list or a form: it is told within three seconds,
// nothing typed is lost, and all goes on by itself once the server is back.

import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { button, COMMON, hears, type Locale, rowOf } from './harness/admin';
import { complaints } from './harness/browser';
import { labelled } from './harness/form';
import { lossTold, watchForLoss } from './harness/loss';
import { ask, Office } from './harness/people';

let office: Office;
beforeAll(async () => {
  office = await Office.open();
});
afterAll(() => office?.close());

const TOLD_WITHIN_MS = 3000;

const WORDS = {
  ru: {
    ...COMMON.ru,
    direction: 'Направление',
    user: 'Кто',
    failed: 'Не удалось загрузить список.',
    unreachable: 'Нет связи с сервером.',
    filter: 'ФИЛЬТР',
    add: 'Новый пользователь',
    login: 'Логин',
    password: 'Пароль',
    position: 'Должность',
  },
  en: {
    ...COMMON.en,
    direction: 'Direction',
    user: 'Who',
    failed: 'The list could not be loaded.',
    unreachable: 'No connection to the server.',
    filter: 'Filter',
    add: 'New user',
    login: 'Login',
    password: 'Password',
    position: 'Position',
  },
} as const;

/** Two each: the language is a person's own, in all of their windows. */
const PEOPLE = {
  ru: { operator: 'operator1', number: '1001', admin: 'admin', line: '1010' },
  en: { operator: 'operator2', number: '1002', admin: 'vinogradova', line: '1011' },
} as const;

test('lists and forms outlive the server, in both languages', async () => {
  const desks = [await Desk.open('ru'), await Desk.open('en')];

  const killedAt = Date.now();
  await office.server.kill();
  for (const page of desks.flatMap((it) => it.pages)) {
    expect((await lossTold(page)) - killedAt, page.url()).toBeLessThan(TOLD_WITHIN_MS);
  }
  for (const it of desks) await it.goOn();
  await office.server.run();

  for (const it of desks) await it.isBack();
});

/** Somebody's windows: two lists and two forms, something typed in each. */
class Desk {
  readonly locale: Locale;
  readonly calls: Page;
  readonly audit: Page;
  readonly lines: Page;
  readonly users: Page;
  #told = '';

  private constructor(locale: Locale, [calls, audit, lines, users]: [Page, Page, Page, Page]) {
    this.locale = locale;
    this.calls = calls;
    this.audit = audit;
    this.lines = lines;
    this.users = users;
  }

  static async open(locale: Locale): Promise<Desk> {
    const words = WORDS[locale];
    const desk = new Desk(locale, [
      await listOf(PEOPLE[locale].operator, '/workspace/my_calls?period=year', locale),
      await listOf(PEOPLE[locale].admin, '/admin/audit?period=year', locale),
      await listOf(PEOPLE[locale].admin, '/admin/lines', locale),
      await listOf(PEOPLE[locale].admin, '/admin/users', locale),
    ]);
    const { calls, audit, lines, users } = desk;
    await button(calls, words.filter).click();
    await desk.#direction.selectOption('in');
    await calls.waitForURL(/f\.direction=in/);
    await calls.locator('[aria-busy="false"] [data-row]').first().click();
    await calls.keyboard.press('Enter');
    await desk.#card.locator('dl').waitFor();
    desk.#told = (await desk.#card.textContent()) ?? '';

    await button(audit, words.filter).click();
    await desk.#who.fill(PEOPLE[locale].admin.slice(0, 3));
    await audit.waitForURL(/f\.who=/);

    await rowOf(lines, PEOPLE[locale].line).click();
    await button(lines, words.edit).click();
    await labelled(form(lines), words.name).fill(`half ${locale}`);

    await button(users, words.add).click();
    await labelled(form(users), words.login).fill(`made_${locale}`);
    await labelled(form(users), words.password).fill('long enough');
    for (const page of desk.pages) await watchForLoss(page);
    return desk;
  }

  get pages(): readonly Page[] {
    return [this.calls, this.audit, this.lines, this.users];
  }

  /** Types on without a server, and finds out that nothing comes of it now. */
  async goOn(): Promise<void> {
    const words = WORDS[this.locale];
    await this.#search.fill(PEOPLE[this.locale].number);
    await this.calls.getByText(words.failed).waitFor();
    await this.#who.fill(PEOPLE[this.locale].admin);
    await this.audit.getByText(words.failed).waitFor();
    await labelled(form(this.lines), words.name).fill(`whole ${this.locale}`);
    await button(this.lines, words.save).click();
    await form(this.lines).getByRole('alert').getByText(words.unreachable).waitFor();
    await labelled(form(this.users), words.name).fill('Somebody');
    await labelled(form(this.users), words.position).fill('Operator');
    expect(await this.#card.textContent()).toBe(this.#told);
  }

  /** Everything is as it was left, goes on, and can be saved. */
  async isBack(): Promise<void> {
    const { calls, audit, lines, users, locale } = this;
    const words = WORDS[locale];
    const { number } = PEOPLE[locale];
    await calls.getByText(words.failed).waitFor({ state: 'detached' });
    await calls.locator('[aria-busy="false"] [data-row]').first().waitFor();
    expect(await this.#search.inputValue()).toBe(number);
    expect(await this.#direction.inputValue()).toBe('in');
    expect(await this.#card.textContent()).toBe(this.#told);
    const query = new URL(calls.url()).searchParams;
    const kept = ['period', 'f.direction', 'q'].map((it) => query.get(it));
    expect(kept).toEqual(['year', 'in', number]);

    await audit.getByText(words.failed).waitFor({ state: 'detached' });
    await audit.locator('[aria-busy="false"] [data-row]').first().waitFor();
    expect(await this.#who.inputValue()).toBe(PEOPLE[locale].admin);

    expect(await labelled(form(lines), words.name).inputValue()).toBe(`whole ${locale}`);
    await button(lines, words.save).click();
    await form(lines).waitFor({ state: 'detached' });
    await rowOf(lines, `whole ${locale}`).waitFor();
    expect(await labelled(form(users), words.login).inputValue()).toBe(`made_${locale}`);
    expect(await labelled(form(users), words.position).inputValue()).toBe('Operator');
    await button(users, words.save).click();
    await form(users).waitFor({ state: 'detached' });
    await rowOf(users, `made_${locale}`).waitFor();

    await this.#hearsEvents();
    for (const page of this.pages) expect(complaints(page)).toEqual([]);
  }

  async #hearsEvents(): Promise<void> {
    const { items } = await ask<{ items: Line[] }>(this.users, 'GET', '/admin/lines');
    const other = items.find((it) => it.number === '1012');
    const name = `told ${this.locale}`;
    await ask(
      this.users,
      'PUT',
      `/admin/lines/${other?.id}`,
      { name, user_id: null },
      {
        'If-Match': String(other?.version),
      },
    );
    await rowOf(this.lines, name).waitFor();
  }

  get #search(): Locator {
    return this.calls.getByRole('searchbox', { name: WORDS[this.locale].search });
  }

  get #direction(): Locator {
    return this.calls.getByRole('combobox', { name: WORDS[this.locale].direction });
  }

  get #card(): Locator {
    return this.calls.locator('section[aria-label]').filter({ has: this.calls.locator('dl') });
  }

  get #who(): Locator {
    return this.audit.getByRole('textbox', { name: WORDS[this.locale].user });
  }
}

interface Line {
  readonly id: string;
  readonly number: string;
  readonly version: number;
}

/** A window with the rows of a list there, and the server's events on. */
async function listOf(login: string, path: string, locale: Locale): Promise<Page> {
  const page = await office.windowOf(login, path, { locale });
  await page.locator('[data-row]').first().waitFor();
  await hears(page, locale);
  return page;
}

const form = (page: Page) => page.getByRole('complementary');
