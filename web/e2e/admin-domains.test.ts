import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { accessibility, complaints, DEMO_DOMAIN } from './harness/browser';
import { errorBeside, labelled } from './harness/form';
import { ask, Office } from './harness/people';

/** A domain with something in it. */
const FULL = 'full.test';

let office: Office;
beforeAll(async () => {
  office = await Office.open();
  office.server.command('domain', 'add', FULL);
  office.server.command('extension', 'add', '101', '--domain', FULL, '--password', 'long enough');
});
afterAll(() => office?.close());

const WORDS = {
  ru: {
    add: 'Новый домен',
    name: 'Имя',
    aliases: 'Другие имена',
    save: 'Сохранить',
    remove: 'Удалить',
    yes: 'ДА',
    own: 'Ваш',
    noName: 'напишите имя хоста или адрес',
    exists: `${DEMO_DOMAIN.toUpperCase()}: Такое значение уже есть`,
    left: 'В домене остались линии: 1',
    changedBy: /только что изменил admin/,
    theirs: 'Принять чужое',
  },
  en: {
    add: 'New domain',
    name: 'Name',
    aliases: 'Other names',
    save: 'Save',
    remove: 'Remove',
    yes: 'YES',
    own: 'Yours',
    noName: 'is no domain',
    exists: `${DEMO_DOMAIN.toUpperCase()}: This value is there already`,
    left: 'The domain still has lines: 1',
    changedBy: /admin has just changed this record/,
    theirs: 'Take theirs',
  },
} as const;

const LOCALES = ['ru', 'en'] as const;
type Locale = (typeof LOCALES)[number];

test.each(LOCALES)('a domain is made, given other names and removed, %s', async (locale) => {
  const words = WORDS[locale];
  const page = await screen(locale);
  const name = `made.${locale}.test`;

  await make(page, locale, name, ` pbx.${locale}.test \n\n`);
  expect(await stored(page, name)).toMatchObject({ aliases: [`pbx.${locale}.test`], lines: 0 });
  await edit(page, name);
  expect(await labelled(page, words.name).count()).toBe(0);
  await labelled(page, words.aliases).fill(`sip.${locale}.test\n192.0.2.${locale.length + 40}`);
  await save(page, locale);
  await row(page, name).getByText(`sip.${locale}.test`).waitFor();
  expect(await stored(page, name)).toMatchObject({ version: 2 });
  await row(page, name).click();
  await page.getByRole('button', { name: words.remove, exact: true }).click();
  await page.getByRole('button', { name: words.yes, exact: true }).click();

  await row(page, name).waitFor({ state: 'detached' });
  expect(await stored(page, name)).toBeUndefined();
  expect(complaints(page)).toEqual([]);
  await page.context().close();
});

test.each(LOCALES)('what is wrong is told beside its field, %s', async (locale) => {
  const words = WORDS[locale];
  const page = await screen(locale);
  await page.getByRole('button', { name: words.add }).click();
  await labelled(page, words.name).fill('two words');
  await labelled(page, words.aliases).fill('fine.test\nnot:fine:test/');
  await page.getByRole('button', { name: words.save }).click();

  await errorBeside(page, words.name, words.noName);
  await errorBeside(page, words.aliases, 'not:fine:test/');
  await labelled(page, words.name).fill('fine.test');
  await labelled(page, words.aliases).fill(`also.fine.test\n${DEMO_DOMAIN.toUpperCase()}`);
  await page.getByRole('button', { name: words.save }).click();

  await errorBeside(page, words.aliases, words.exists);
  expect(await accessibility(page)).toEqual([]);
  expect(await stored(page, 'fine.test')).toBeUndefined();
  await page.context().close();
});

test.each(LOCALES)('one’s own stays, and so does one with something in it, %s', async (locale) => {
  const words = WORDS[locale];
  const page = await screen(locale);
  await row(page, DEMO_DOMAIN).getByText(words.own, { exact: true }).waitFor();
  await row(page, DEMO_DOMAIN).click();
  const remove = page.getByRole('button', { name: words.remove, exact: true });
  await expect.poll(() => remove.isDisabled(), POLL).toBe(true);

  await row(page, FULL).click();
  await remove.click();
  await page.getByRole('button', { name: words.yes, exact: true }).click();

  await page.getByText(words.left).waitFor();
  expect(await stored(page, FULL)).toMatchObject({ lines: 1 });
  await page.context().close();
});

test.each(LOCALES)('two who change one domain see it and lose nothing, %s', async (locale) => {
  const words = WORDS[locale];
  const [mine, theirs] = [await screen(locale), await screen(locale)];
  const name = `shared.${locale}.test`;
  await make(mine, locale, name, '');
  await edit(mine, name);
  await labelled(mine, words.aliases).fill(`mine.${locale}.test`);

  await edit(theirs, name);
  await labelled(theirs, words.aliases).fill(`theirs.${locale}.test`);
  await save(theirs, locale);
  await mine.getByText(words.changedBy).waitFor();
  await mine.getByRole('button', { name: words.save }).click();

  const conflict = mine.getByRole('group', { name: words.aliases });
  await conflict.getByText(`theirs.${locale}.test`).waitFor();
  await conflict.getByRole('button', { name: words.theirs }).click();
  const typed = mine.getByRole('textbox', { name: words.aliases });
  await expect.poll(() => typed.inputValue(), POLL).toBe(`theirs.${locale}.test`);
  await typed.fill(`theirs.${locale}.test\nmine.${locale}.test`);
  await save(mine, locale);

  await row(theirs, name).getByText(`mine.${locale}.test`).waitFor();
  await Promise.all([mine.context().close(), theirs.context().close()]);
});

interface Domain {
  readonly name: string;
}

/** The administrator's window, with the domains there. */
async function screen(locale: Locale): Promise<Page> {
  const page = await office.windowOf('admin', '/admin/domains', { locale });
  await row(page, DEMO_DOMAIN).waitFor();
  return page;
}

const row = (page: Page, name: string) =>
  page.locator('[data-row]').filter({ has: page.getByText(name, { exact: true }) });

async function make(page: Page, locale: Locale, name: string, aliases: string): Promise<void> {
  const words = WORDS[locale];
  await page.getByRole('button', { name: words.add }).click();
  await labelled(page, words.name).fill(name);
  await labelled(page, words.aliases).fill(aliases);
  await save(page, locale);
  await row(page, name).waitFor();
}

async function edit(page: Page, name: string): Promise<void> {
  await row(page, name).focus();
  await page.keyboard.press('Enter');
  await page.locator('aside').getByRole('heading', { name }).waitFor();
}

/** Saves, and is done when the form is gone. */
async function save(page: Page, locale: Locale): Promise<void> {
  const button = page.getByRole('button', { name: WORDS[locale].save });
  await button.click();
  await button.waitFor({ state: 'detached' });
}

/** What the server has. */
async function stored(page: Page, name: string): Promise<Domain | undefined> {
  const { items } = await ask<{ items: Domain[] }>(page, 'GET', '/admin/domains');
  return items.find((it) => it.name === name);
}

const POLL = { timeout: 30_000 };
