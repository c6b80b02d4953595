// What an administrator watches: who registers, as it happens, and who has changed what.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { hears, LOCALES, rowOf } from './harness/admin';
import { complaints } from './harness/browser';
import { ask, Office } from './harness/people';
import { Phone } from './harness/phone';

let office: Office;
beforeAll(async () => {
  office = await Office.open();
});
afterAll(() => office?.close());

const WORDS = {
  ru: {
    registrations: 'Регистрации',
    nobody: 'Ни один телефон не зарегистрирован.',
    phones: ['Номер', 'Контакт', 'Программа', 'Транспорт', 'Адрес', 'С', 'До'],
    audit: 'Аудит',
    entries: ['Время', 'Кто', 'Действие', 'Объект', 'Адрес', 'Изменение'],
    done: ['admin', 'Изменена линия', 'Линия', '127.0.0.1'],
  },
  en: {
    registrations: 'Registrations',
    nobody: 'No phone is registered.',
    phones: ['Number', 'Contact', 'Software', 'Transport', 'Address', 'Since', 'Until'],
    audit: 'Audit',
    entries: ['Time', 'Who', 'Action', 'Object', 'Address', 'Change'],
    done: ['admin', 'Line changed', 'Line', '127.0.0.1'],
  },
} as const;

test.each(LOCALES)('a phone that registers is there at once, %s', async (locale) => {
  const words = WORDS[locale];
  const number = { ru: '1003', en: '1004' }[locale];
  const page = await office.windowOf('admin', '/admin/registrations', { locale });
  await page.getByRole('heading', { level: 1, name: words.registrations }).waitFor();
  await hears(page, locale);
  if (locale === 'ru') await page.getByText(words.nobody).waitFor();

  const phone = await Phone.register(office.server, { number, userAgent: `Desk ${number}/2.1` });
  const row = rowOf(page, number);
  await row.waitFor();

  expect(await page.getByRole('columnheader').allInnerTexts()).toEqual(words.phones);
  const cells = await row.getByRole('gridcell').allInnerTexts();
  expect(cells.slice(0, 5)).toEqual([
    number,
    expect.stringMatching(/^sip:.*127\.0\.0\.1/),
    `Desk ${number}/2.1`,
    'udp',
    expect.stringMatching(/^127\.0\.0\.1:\d+$/),
  ]);
  phone.close();
  expect(complaints(page)).toEqual([]);
  await page.close();
});

test.each(LOCALES)('who changed what, and how it was before, %s', async (locale) => {
  const words = WORDS[locale];
  const name = `Named in ${locale}`;
  const page = await office.windowOf('admin', '/favicon.svg', { locale });
  const { items } = await ask<{ items: Line[] }>(page, 'GET', '/admin/lines');
  const line = items.find((it) => it.number === '1009');
  if (!line) throw new Error('1009 is of the demo');
  const seen = { 'If-Match': String(line.version) };
  await ask(page, 'PUT', `/admin/lines/${line.id}`, { name, user_id: null }, seen);

  await page.goto('/admin/audit');
  await page.getByRole('heading', { level: 1, name: words.audit }).waitFor();
  const row = page.locator('[data-row]').filter({ hasText: name });
  await row.waitFor();

  expect(await page.getByRole('columnheader').allInnerTexts()).toEqual(words.entries);
  const cells = await row.getByRole('gridcell').allInnerTexts();
  expect(cells.slice(1, 5)).toEqual(words.done);
  expect(cells[5]).toContain(`name: ${line.name} → ${name}`);
  expect(complaints(page)).toEqual([]);
  await page.close();
});

interface Line {
  readonly id: string;
  readonly version: number;
  readonly number: string;
  readonly name: string;
}
