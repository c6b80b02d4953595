// What tests of the administrator's part share: words that stand on all of its screens, its rows and
// forms, and what the server has. Who goes to another window brings it to the front: one behind may
// draw once a second, and whatever is clicked waits for it to be drawn.

import type { Locator, Page } from 'playwright-core';
import { ask } from './people';

export const LOCALES = ['ru', 'en'] as const;
export type Locale = (typeof LOCALES)[number];

/** Words of every list and form there. */
export const COMMON = {
  ru: {
    connected: 'Подключено',
    search: 'Поиск',
    name: 'Имя',
    edit: 'Изменить',
    save: 'Сохранить',
    close: 'Закрыть',
    remove: 'Удалить',
    yes: 'ДА',
    no: 'НЕТ',
    exists: 'Такое значение уже есть',
    notNumber: 'Напишите целое число',
    changedBy: /только что изменил admin/,
    theirs: 'Принять чужое',
  },
  en: {
    connected: 'Connected',
    search: 'Search',
    name: 'Name',
    edit: 'Edit',
    save: 'Save',
    close: 'Close',
    remove: 'Remove',
    yes: 'YES',
    no: 'NO',
    exists: 'This value is there already',
    notNumber: 'Write a whole number',
    changedBy: /admin has just changed this record/,
    theirs: 'Take theirs',
  },
} as const;

/** Waits until a page would hear of what others do. */
export const hears = (page: Page, locale: Locale): Promise<void> =>
  page.getByRole('banner').getByText(COMMON[locale].connected, { exact: true }).waitFor();

export const button = (page: Page | Locator, name: string): Locator =>
  page.getByRole('button', { name, exact: true });

/** The row that has a cell of exactly that text. */
export const rowOf = (page: Page, text: string): Locator =>
  page.locator('[data-row]').filter({ has: page.getByText(text, { exact: true }) });

/** Opens the form of the object whose name a row has. */
export async function edit(page: Page, name: string): Promise<void> {
  await page.bringToFront();
  await rowOf(page, name).focus();
  await page.keyboard.press('Enter');
  await page.locator('aside').getByRole('heading', { name }).waitFor();
}

/** Saves, and is done when the form is gone. */
export async function save(page: Page, locale: Locale): Promise<void> {
  await page.bringToFront();
  const saves = button(page, COMMON[locale].save);
  await saves.click();
  await saves.waitFor({ state: 'detached' });
}

/** Asks to remove an object, and says yes. */
export async function remove(page: Page, locale: Locale, name: string): Promise<void> {
  await rowOf(page, name).click();
  await button(page, COMMON[locale].remove).click();
  await button(page, COMMON[locale].yes).click();
}

/** What the server has of that name, of a kind by its path. */
export async function stored<T extends { readonly name: string }>(
  page: Page,
  path: string,
  name: string,
): Promise<T | undefined> {
  const { items } = await ask<{ items: T[] }>(page, 'GET', path);
  return items.find((it) => it.name === name);
}
