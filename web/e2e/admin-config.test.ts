import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { accessibility, complaints } from './harness/browser';
import { ask, Office } from './harness/people';

const SECRET = 'hunter2-in-the-file';

let office: Office;
beforeAll(async () => {
  office = await Office.open();
  // Once more, with a secret in the file.
  const { server } = office;
  await server.kill();
  const file = join(server.folder, 'config.toml');
  const public_url = `[http]\npublic_url = ${JSON.stringify(server.url)}\n\n`;
  writeFileSync(file, public_url + readFileSync(file, 'utf8'));
  appendFileSync(
    file,
    `\n[mail]\nurl = "smtps://desk:${SECRET}@mail.example"\nfrom = "Tandem <desk@mail.example>"\n`,
  );
  await server.run();
});
afterAll(() => office?.close());

const WORDS = {
  ru: {
    heading: 'Конфигурация',
    note: /меняется в файле config\.toml/,
    search: 'Поиск',
    hidden: 'скрыто',
    file: 'Файл',
    flag: 'Ключ запуска',
    byDefault: 'По умолчанию',
    restart: 'Перезапуском',
    sighup: 'По SIGHUP',
    means: 'Что значит',
  },
  en: {
    heading: 'Configuration',
    note: /changed in config\.toml/,
    search: 'Search',
    hidden: 'hidden',
    file: 'File',
    flag: 'Flag',
    byDefault: 'Default',
    restart: 'By a restart',
    sighup: 'By SIGHUP',
    means: 'What it means',
  },
} as const;

const LOCALES = ['ru', 'en'] as const;
type Locale = (typeof LOCALES)[number];

const LOOKS = LOCALES.flatMap((locale) =>
  (['light', 'dark'] as const).map((theme) => ({ locale, theme })),
);

test.each(LOCALES)(
  'each key says its value, where it comes from and how it changes, %s',
  async (locale) => {
    const words = WORDS[locale];
    const page = await screen(locale);
    await page.getByText(words.note).waitFor();
    const port = new URL(office.server.url).port;

    await find(page, locale, 'http.listen');
    expect(await told(page, 'http.listen')).toEqual([
      `["127.0.0.1:${port}"]`,
      words.flag,
      words.restart,
    ]);
    await find(page, locale, 'trunk[0].destination');
    expect(await told(page, 'trunk[0].destination')).toEqual([
      `127.0.0.1:${office.server.trunkPort}/udp`,
      words.file,
      words.sighup,
    ]);
    await find(page, locale, 'sip.digest');
    expect((await told(page, 'sip.digest')).slice(1)).toEqual([words.byDefault, words.restart]);
    expect(complaints(page)).toEqual([]);
    await page.close();
  },
);

test.each(LOCALES)('a secret is not told, neither shown nor sent, %s', async (locale) => {
  const words = WORDS[locale];
  const page = await screen(locale);
  const answers: Promise<string>[] = [];
  page.on('response', (it) => {
    if (it.url().endsWith('/admin/config')) answers.push(it.text());
  });
  await page.reload();

  await find(page, locale, 'mail.url');

  expect(await told(page, 'mail.url')).toEqual([words.hidden, words.file, words.restart]);
  expect(await page.content()).not.toContain(SECRET);
  expect(answers).not.toHaveLength(0);
  expect((await Promise.all(answers)).join()).not.toContain(SECRET);
  await page.close();
});

test.each(LOOKS)('a key is opened and closed by the keyboard, $locale, $theme', async (look) => {
  const words = WORDS[look.locale];
  const page = await screen(look.locale, look.theme);
  await find(page, look.locale, 'sip.listen');

  await row(page, 'sip.listen').focus();
  await page.keyboard.press('Enter');

  const card = page.getByRole('complementary', { name: 'sip.listen' });
  const means = await card
    .getByRole('row')
    .filter({ has: page.getByRole('rowheader', { name: words.means }) })
    .getByRole('cell')
    .textContent();
  const { items } = await ask<Configuration>(page, 'GET', '/admin/config');
  expect(means).toBe(items.find((it) => it.key === 'sip.listen')?.description[look.locale]);
  expect(means).not.toBe('');
  expect(await accessibility(page)).toEqual([]);
  await page.keyboard.press('Escape');
  await card.waitFor({ state: 'detached' });
  await page.close();
});

interface Configuration {
  readonly items: readonly { readonly key: string; readonly description: Record<Locale, string> }[];
}

/** The administrator's window, with the keys there. */
async function screen(locale: Locale, theme: 'light' | 'dark' = 'light'): Promise<Page> {
  const page = await office.windowOf('admin', '/admin/config', { locale, theme });
  await page.getByRole('heading', { level: 1, name: WORDS[locale].heading }).waitFor();
  await page.locator('[data-row]').first().waitFor();
  return page;
}

const row = (page: Page, key: string) => page.locator(`[data-row="${key}"]`);

/** Searches for the key, until its row is there. */
async function find(page: Page, locale: Locale, key: string): Promise<void> {
  await page.getByRole('searchbox', { name: WORDS[locale].search }).fill(key);
  await row(page, key).waitFor();
}

/** Value, origin and change, as the row of the key has them. */
const told = async (page: Page, key: string) =>
  (await row(page, key).getByRole('gridcell').allTextContents()).slice(1);
