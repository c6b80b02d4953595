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
import { complaints } from './harness/browser';
import { errorBeside, labelled } from './harness/form';
import { ask, Office } from './harness/people';

const PATH = '/admin/trunks';

let office: Office;
beforeAll(async () => {
  office = await Office.open();
});
afterAll(() => office?.close());

const WORDS = {
  ru: {
    ...COMMON.ru,
    add: 'Новый транк',
    destination: 'Куда звонить',
    sources: 'Откуда приходят звонки',
    port: 'Порт',
    enabled: 'Звонки идут через него',
    on: 'Работает',
    off: 'Отключён',
    inFile: /задан в файле config\.toml: раздел \[\[trunk\]\] с name = "provider"/,
    malformed: 'Напишите имя до 64 знаков',
    noDestination: 'не HOST:PORT/udp',
    noAddress: '"x" — не адрес',
    noPort: '70000 — не порт',
    shared: 'Адрес общий с транком "provider"',
    inUse: /Транк использует правило "by-carrier"/,
  },
  en: {
    ...COMMON.en,
    add: 'New trunk',
    destination: 'Calls go to',
    sources: 'Calls come from',
    port: 'Port',
    enabled: 'Calls go through it',
    on: 'Works',
    off: 'Off',
    inFile: /is written in config\.toml: \[\[trunk\]\] with name = "provider"/,
    malformed: 'Write a name of up to 64 letters',
    noDestination: 'is not HOST:PORT/udp',
    noAddress: '"x" is no address',
    noPort: '70000 is no port',
    shared: 'An address is shared with trunk "provider"',
    inUse: /Rule "by-carrier" uses the trunk/,
  },
} as const;

test.each(LOCALES)('a trunk is made, changed, switched off and removed, %s', async (locale) => {
  const words = WORDS[locale];
  const page = await screen(locale);
  const name = `made-${locale}`;

  await make(page, locale, { name, destination: 'sip.carrier.example:5060/udp', sources: '' });
  await rowOf(page, name).getByText(words.on).waitFor();
  await edit(page, name);
  await labelled(page, words.destination).fill('192.0.2.7:5080/tcp');
  await labelled(page, words.sources).fill(' 192.0.2.7 \n\n192.0.2.8\n');
  await labelled(page, words.port).fill('5080');
  await page.getByLabel(words.enabled).uncheck();
  await save(page, locale);

  await rowOf(page, name).getByText('192.0.2.7, 192.0.2.8').waitFor();
  await rowOf(page, name).getByText(words.off).waitFor();
  expect(await stored(page, PATH, name)).toMatchObject({
    destination: '192.0.2.7:5080/tcp',
    sources: ['192.0.2.7', '192.0.2.8'],
    source_port: 5080,
    is_enabled: false,
    version: 2,
  });
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
  await labelled(page, words.destination).fill('sip.carrier.example');
  await labelled(page, words.sources).fill('192.0.2.1\nx');
  await labelled(page, words.port).fill('any');

  await button(page, words.save).click();
  await errorBeside(page, words.port, words.notNumber);
  await labelled(page, words.port).fill('70000');
  await button(page, words.save).click();

  await errorBeside(page, words.name, words.malformed);
  await errorBeside(page, words.destination, words.noDestination);
  await errorBeside(page, words.sources, words.noAddress);
  await errorBeside(page, words.port, words.noPort);
  await labelled(page, words.name).fill('provider');
  await labelled(page, words.destination).fill('127.0.0.1:5071/udp');
  await labelled(page, words.sources).fill('127.0.0.1');
  await labelled(page, words.port).fill('');
  await button(page, words.save).click();
  await errorBeside(page, words.name, words.exists);
  await labelled(page, words.name).fill('another');
  await button(page, words.save).click();
  await errorBeside(page, words.sources, words.shared);
  expect(await stored(page, PATH, 'another')).toBeUndefined();
  expect(complaints(page)).toEqual([]);
  await page.close();
});

test.each(LOCALES)('a trunk of the file is read only and says where, %s', async (locale) => {
  const words = WORDS[locale];
  const page = await screen(locale);

  await rowOf(page, 'provider').focus();
  await page.keyboard.press('Enter');

  await page.getByText(words.inFile).waitFor();
  expect(await labelled(page, words.destination).inputValue()).toBe(
    `127.0.0.1:${office.server.trunkPort}/udp`,
  );
  expect(await labelled(page, words.destination).isDisabled()).toBe(true);
  expect(await button(page, words.save).count()).toBe(0);
  await page.close();
});

test.each(LOCALES)('one that dialplans name keeps its name and stays, %s', async (locale) => {
  const words = WORDS[locale];
  const page = await screen(locale);
  const name = `carrier-${locale}`;
  await make(page, locale, { name, destination: '192.0.2.9:5060/udp', sources: '' });
  await dialThrough(page, name);

  await remove(page, locale, name);
  await page.getByText(words.inUse).waitFor();
  expect(await stored(page, PATH, name)).toMatchObject({ name });
  await edit(page, name);
  await labelled(page, words.name).fill('renamed');
  await button(page, words.save).click();

  await page.getByRole('alert').filter({ hasText: words.inUse }).waitFor();
  expect(await labelled(page, words.name).inputValue()).toBe('renamed');
  expect(complaints(page)).toEqual([]);
  await page.close();
});

test.each(LOCALES)('two who change one trunk see it and lose nothing, %s', async (locale) => {
  const words = WORDS[locale];
  const [mine, theirs] = [await screen(locale), await screen(locale)];
  const name = `shared-${locale}`;
  await mine.bringToFront();
  await make(mine, locale, { name, destination: '192.0.2.10:5060/udp', sources: '' });
  await edit(mine, name);
  await labelled(mine, words.destination).fill('192.0.2.11:5060/udp');

  await edit(theirs, name);
  await labelled(theirs, words.destination).fill('192.0.2.12:5060/udp');
  await labelled(theirs, words.port).fill('5099');
  await save(theirs, locale);
  await mine.getByText(words.changedBy).waitFor();
  await mine.bringToFront();
  await button(mine, words.save).click();

  const conflict = mine.getByRole('group', { name: words.destination });
  await conflict.getByText('192.0.2.12:5060/udp').waitFor();
  const typed = mine.getByRole('textbox', { name: words.destination });
  expect(await typed.inputValue()).toBe('192.0.2.11:5060/udp');
  expect(await labelled(mine, words.port).inputValue()).toBe('5099');
  await conflict.getByRole('button', { name: words.theirs }).click();
  await mine.getByLabel(words.enabled).uncheck();
  await save(mine, locale);

  expect(await stored(mine, PATH, name)).toMatchObject({
    destination: '192.0.2.12:5060/udp',
    source_port: 5099,
    is_enabled: false,
  });
  await rowOf(theirs, name).getByText(words.off).waitFor();
  await Promise.all([mine.close(), theirs.close()]);
});

/** The administrator's window, with the trunks there. */
async function screen(locale: Locale): Promise<Page> {
  const page = await office.windowOf('admin', '/admin/trunks', { locale });
  await rowOf(page, 'provider').waitFor();
  await hears(page, locale);
  return page;
}

async function make(
  page: Page,
  locale: Locale,
  it: { readonly name: string; readonly destination: string; readonly sources: string },
): Promise<void> {
  const words = WORDS[locale];
  await button(page, words.add).click();
  await labelled(page, words.name).fill(it.name);
  await labelled(page, words.destination).fill(it.destination);
  await labelled(page, words.sources).fill(it.sources);
  await save(page, locale);
  await rowOf(page, it.name).waitFor();
}

/** Puts a rule that dials through the trunk in force. */
async function dialThrough(page: Page, name: string): Promise<void> {
  const path = '/admin/dialplans/demo.toml';
  const plan = await ask<{ text: string; version: string }>(page, 'GET', path);
  const rule = `
[[rule]]
name = "by-carrier"
match = { number = "77${name.endsWith('ru') ? '01' : '02'}" }
steps = [{ dial = { trunk = "${name}", number = "1" } }]
`;
  const text = plan.text.replaceAll('"by-carrier"', '"by-another"') + rule;
  await ask(page, 'PUT', path, { text }, { 'If-Match': plan.version });
}
