import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  button,
  COMMON,
  edit,
  hears,
  LOCALES,
  type Locale,
  remove,
  rowOf,
  save,
  stored,
} from './harness/admin';
import { accessibility, complaints, DEMO_DOMAIN } from './harness/browser';
import { errorBeside, labelled } from './harness/form';
import { Office } from './harness/people';

/** A domain with something in it. */
const FULL = 'full.test';

const PATH = '/admin/domains';

let office: Office;
beforeAll(async () => {
  office = await Office.open();
  office.server.command('domain', 'add', FULL);
  office.server.command('extension', 'add', '101', '--domain', FULL, '--password', 'long enough');
});
afterAll(() => office?.close());

const WORDS = {
  ru: {
    ...COMMON.ru,
    add: 'Новый домен',
    aliases: 'Другие имена',
    own: 'Ваш',
    noName: 'напишите имя хоста или адрес',
    exists: `${DEMO_DOMAIN.toUpperCase()}: Такое значение уже есть`,
    left: 'В домене остались линии: 1',
  },
  en: {
    ...COMMON.en,
    add: 'New domain',
    aliases: 'Other names',
    own: 'Yours',
    noName: 'is no domain',
    exists: `${DEMO_DOMAIN.toUpperCase()}: This value is there already`,
    left: 'The domain still has lines: 1',
  },
} as const;

test.each(LOCALES)('a domain is made, given other names and removed, %s', async (locale) => {
  const words = WORDS[locale];
  const page = await screen(locale);
  const name = `made.${locale}.test`;

  await make(page, locale, name, ` pbx.${locale}.test \n\n`);
  expect(await stored(page, PATH, name)).toMatchObject({
    aliases: [`pbx.${locale}.test`],
    lines: 0,
  });
  await edit(page, name);
  expect(await labelled(page, words.name).count()).toBe(0);
  await labelled(page, words.aliases).fill(`sip.${locale}.test\n192.0.2.${locale.length + 40}`);
  await save(page, locale);
  await rowOf(page, name).getByText(`sip.${locale}.test`).waitFor();
  expect(await stored(page, PATH, name)).toMatchObject({ version: 2 });
  await remove(page, locale, name);

  await rowOf(page, name).waitFor({ state: 'detached' });
  expect(await stored(page, PATH, name)).toBeUndefined();
  expect(complaints(page)).toEqual([]);
  await page.close();
});

test.each(LOCALES)('what is wrong is told beside its field, %s', async (locale) => {
  const words = WORDS[locale];
  const page = await screen(locale);
  await button(page, words.add).click();
  await labelled(page, words.name).fill('two words');
  await labelled(page, words.aliases).fill('fine.test\nnot:fine:test/');
  await button(page, words.save).click();

  await errorBeside(page, words.name, words.noName);
  await errorBeside(page, words.aliases, 'not:fine:test/');
  await labelled(page, words.name).fill('fine.test');
  await labelled(page, words.aliases).fill(`also.fine.test\n${DEMO_DOMAIN.toUpperCase()}`);
  await button(page, words.save).click();

  await errorBeside(page, words.aliases, words.exists);
  expect(await accessibility(page)).toEqual([]);
  expect(await stored(page, PATH, 'fine.test')).toBeUndefined();
  await page.close();
});

test.each(LOCALES)('one’s own stays, and so does one with something in it, %s', async (locale) => {
  const words = WORDS[locale];
  const page = await screen(locale);
  await rowOf(page, DEMO_DOMAIN).getByText(words.own, { exact: true }).waitFor();
  await rowOf(page, DEMO_DOMAIN).click();
  const removes = button(page, words.remove);
  await expect.poll(() => removes.isDisabled(), POLL).toBe(true);

  await remove(page, locale, FULL);

  await page.getByText(words.left).waitFor();
  expect(await stored(page, PATH, FULL)).toMatchObject({ lines: 1 });
  await page.close();
});

test.each(LOCALES)('two who change one domain see it and lose nothing, %s', async (locale) => {
  const words = WORDS[locale];
  const [mine, theirs] = [await screen(locale), await screen(locale)];
  const name = `shared.${locale}.test`;
  await mine.bringToFront();
  await make(mine, locale, name, '');
  await edit(mine, name);
  await labelled(mine, words.aliases).fill(`mine.${locale}.test`);

  await edit(theirs, name);
  await labelled(theirs, words.aliases).fill(`theirs.${locale}.test`);
  await save(theirs, locale);
  await mine.getByText(words.changedBy).waitFor();
  await mine.bringToFront();
  await button(mine, words.save).click();

  const conflict = mine.getByRole('group', { name: words.aliases });
  await conflict.getByText(`theirs.${locale}.test`).waitFor();
  await conflict.getByRole('button', { name: words.theirs }).click();
  const typed = mine.getByRole('textbox', { name: words.aliases });
  await expect.poll(() => typed.inputValue(), POLL).toBe(`theirs.${locale}.test`);
  await typed.fill(`theirs.${locale}.test\nmine.${locale}.test`);
  await save(mine, locale);

  await rowOf(theirs, name).getByText(`mine.${locale}.test`).waitFor();
  await Promise.all([mine.close(), theirs.close()]);
});

/** The administrator's window, with the domains there. */
async function screen(locale: Locale): Promise<Page> {
  const page = await office.windowOf('admin', '/admin/domains', { locale });
  await rowOf(page, DEMO_DOMAIN).waitFor();
  await hears(page, locale);
  return page;
}

async function make(page: Page, locale: Locale, name: string, aliases: string): Promise<void> {
  const words = WORDS[locale];
  await button(page, words.add).click();
  await labelled(page, words.name).fill(name);
  await labelled(page, words.aliases).fill(aliases);
  await save(page, locale);
  await rowOf(page, name).waitFor();
}

const POLL = { timeout: 30_000 };
