import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { button, COMMON, LOCALES, type Locale, rowOf } from './harness/admin';
import { complaints } from './harness/browser';
import { errorBeside, labelled } from './harness/form';
import { ask, Office } from './harness/people';

let office: Office;
beforeAll(async () => {
  office = await Office.open();
});
afterAll(() => office?.close());

const WORDS = {
  ru: {
    ...COMMON.ru,
    add: 'Новая линия',
    number: 'Номер',
    password: 'Пароль',
    newPassword: 'Новый пароль',
    change: 'Сменить пароль',
    callsMax: 'Одновременных звонков',
    copy: 'Копировать',
    copied: 'Скопировано',
    once: /больше он нигде не показывается/,
    isSet: 'Пароль сменён.',
    tooShort: 'От 8 до 128 знаков',
  },
  en: {
    ...COMMON.en,
    add: 'New line',
    number: 'Number',
    password: 'Password',
    newPassword: 'New password',
    change: 'Change password',
    callsMax: 'Calls at once',
    copy: 'Copy',
    copied: 'Copied',
    once: /it is shown nowhere else/,
    isSet: 'The password is changed.',
    tooShort: 'From 8 to 128 letters',
  },
} as const;

test.each(LOCALES)('a password that the server makes up is shown once, %s', async (locale) => {
  const words = WORDS[locale];
  const page = await screen(locale);
  // First of the list, which shows only what fits.
  const number = locale === 'ru' ? '0101' : '0102';
  await button(page, words.add).click();
  await labelled(page, words.number).fill(number);

  await button(page, words.save).click();

  await page.getByText(words.once).waitFor();
  const first = await told(page);
  expect(first).toMatch(/^[0-9a-f]{20}$/);
  // The focus is on the button.
  await page.keyboard.press('Enter');
  await page.getByText(words.copied).waitFor();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(first);
  await button(page, words.close).click();
  await page.getByText(words.once).waitFor({ state: 'detached' });
  expect(await page.content()).not.toContain(first);

  await rowOf(page, number).click();
  await button(page, words.change).click();
  await button(page, words.save).click();
  await page.getByText(words.isSet).waitFor();
  const second = await told(page);
  expect(second).toMatch(/^[0-9a-f]{20}$/);
  expect(second).not.toBe(first);
  const line = (await ask<{ items: { number: string }[] }>(page, 'GET', '/admin/lines')).items.find(
    (it) => it.number === number,
  );
  expect(line).toBeDefined();
  expect(JSON.stringify(line)).not.toContain(second);
  expect(complaints(page)).toEqual([]);
  await page.close();
});

test.each(LOCALES)('a password that somebody types is not shown, %s', async (locale) => {
  const words = WORDS[locale];
  const page = await screen(locale);
  const number = locale === 'ru' ? '0103' : '0104';
  await button(page, words.add).click();
  await labelled(page, words.number).fill(number);
  await labelled(page, words.password).fill('short');
  await labelled(page, words.callsMax).fill('many');

  await button(page, words.save).click();
  await errorBeside(page, words.callsMax, words.notNumber);
  await labelled(page, words.callsMax).fill('');
  await button(page, words.save).click();
  await errorBeside(page, words.password, words.tooShort);
  await labelled(page, words.password).fill('long enough');
  const save = button(page, words.save);
  await save.click();

  await save.waitFor({ state: 'detached' });
  await rowOf(page, number).waitFor();
  expect(await page.getByText(words.once).count()).toBe(0);
  await rowOf(page, number).click();
  await button(page, words.change).click();
  await labelled(page, words.newPassword).fill('short');
  await save.click();
  await errorBeside(page, words.newPassword, words.tooShort);
  await labelled(page, words.newPassword).fill('another long one');
  await save.click();
  await page.getByText(words.isSet).waitFor();
  expect(await page.getByText(words.once).count()).toBe(0);
  await page.close();
});

/** The administrator's window, with the lines there, and allowed to read what it copies. */
async function screen(locale: Locale): Promise<Page> {
  const page = await office.windowOf('admin', '/admin/lines', { locale });
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await rowOf(page, '1001').waitFor();
  return page;
}

/** The password on show. */
async function told(page: Page): Promise<string> {
  return (await page.locator('aside code').textContent()) ?? '';
}
