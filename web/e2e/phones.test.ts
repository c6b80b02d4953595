// S22 «Внутренние номера», S24 «Панель телефонов» and `/wall`, in both languages. What calls change on
// them is in call.test.ts.

import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { complaints, DEMO_PASSWORD } from './harness/browser';
import { ask, Office } from './harness/people';

let office: Office;
beforeAll(async () => {
  office = await Office.open();
});
afterAll(async () => {
  await office?.close();
});

const TEXTS = {
  ru: {
    title: 'Внутренние номера пользователей',
    columns: ['Номер', 'Имя', 'Состояние'],
    search: 'Поиск по номеру и имени',
    offline: 'Отключен',
    unassigned: 'Не назначен',
    call: 'ПОЗВОНИТЬ',
    transfer: 'ПЕРЕВЕСТИ',
    noCall:
      'Звонок из панели появится вместе с телефоном панели. Пока наберите номер на своём телефоне.',
    panel: 'Панель телефонов',
    legend: ['Свободен', 'Вызов', 'Разговор', 'Удержание', 'Отключен'],
    legendName: 'Обозначения',
    free: 'Свободно 0 из 23',
    glyphs: 'Значки состояний',
    details: 'Внутренний номер',
  },
  en: {
    title: 'Internal numbers of users',
    columns: ['Number', 'Name', 'State'],
    search: 'Search by number and name',
    offline: 'Offline',
    unassigned: 'Not assigned',
    call: 'Call',
    transfer: 'Transfer',
    noCall:
      "Calling from the panel comes with the panel's phone. Until then dial the number on your own phone.",
    panel: 'Phone panel',
    legend: ['Free', 'Ringing', 'Talking', 'On hold', 'Offline'],
    legendName: 'Legend',
    free: '0 of 23 free',
    glyphs: 'State signs',
    details: 'Extension',
  },
} as const;

describe.each(['ru', 'en'] as const)('%s', (locale) => {
  const its = TEXTS[locale];
  const login = { ru: 'operator1', en: 'operator2' }[locale];
  let page: Page;
  beforeAll(async () => {
    page = await office.windowOf(login, '/workspace/extensions', { locale });
    await page.locator('[data-row]').first().waitFor();
  });

  test('S22-04 S22-05: number (sorted upwards), name, state as glyph and word', async () => {
    await page.getByRole('heading', { level: 1, name: its.title }).waitFor();
    const headers = page.getByRole('columnheader');
    expect(await headers.allTextContents()).toEqual(its.columns);
    expect(await headers.first().getAttribute('aria-sort')).toBe('ascending');
    expect(await numbers(page)).toEqual((await numbers(page)).toSorted());
    const cells = page.locator('[data-row]').first().getByRole('gridcell');

    expect(await cells.allInnerTexts()).toEqual([
      '1001',
      'Ольга Орлова',
      expect.stringMatching(new RegExp(`^○\\s*${its.offline}$`)),
    ]);
  });

  test('S22-01 S22-02 S22-03: a search finds the person, whose number and state stand beside', async () => {
    await page.getByPlaceholder(its.search).fill('соколова');
    await expect.poll(() => numbers(page), { timeout: 30_000 }).toEqual(['1003']);
    await page.locator('[data-row]').first().click();
    const call = page.getByRole('button', { name: its.call, exact: true });

    expect(await call.isDisabled()).toBe(true);
    expect(await call.getAttribute('title')).toBe(its.noCall);
    await page.getByPlaceholder(its.search).fill('');
    await expect.poll(() => numbers(page), { timeout: 30_000 }).toContain('1001');
  });

  test('S24-01: a cell for each number; a click tells name and state, and offers what comes later', async () => {
    await page.getByRole('navigation').getByRole('link', { name: its.panel }).click();
    const cells = page.getByRole('group', { name: its.panel }).getByRole('button');
    await cells.first().waitFor();
    expect(await cells.count()).toBe(23);
    expect(await cells.first().getAttribute('title')).toBe(`1001, Ольга Орлова, ${its.offline}`);
    await cells.first().click();
    const dialog = page.getByRole('dialog', { name: its.details });

    await dialog.getByText('Ольга Орлова').waitFor();
    for (const name of [its.call, its.transfer]) {
      expect(await dialog.getByRole('button', { name, exact: true }).isDisabled()).toBe(true);
    }
    await dialog.getByText(its.noCall).waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
  });

  test('S24-02 S24-03 S24-04: colours are explained in words; offline is grey, nobody its own', async () => {
    await page.getByText(its.free, { exact: true }).waitFor();
    const legend = page.getByRole('list', { name: its.legendName }).getByRole('listitem');
    const words = (await legend.allTextContents()).map((it) => it.replace(/^\W/u, ''));
    expect(words.map((it) => it.replace(/^[^\p{L}]+/u, ''))).toEqual(its.legend);

    const tones = page.locator('[data-id]');
    expect(await tones.first().getAttribute('data-tone')).toBe('off');
    const unassigned = page.getByRole('button', {
      name: `1009, Extension 1009, ${its.unassigned}`,
    });
    expect(await unassigned.getAttribute('data-tone')).toBe('none');
    const colours = await legend.evaluateAll((all) =>
      all.map((it) => getComputedStyle(it).backgroundColor),
    );
    expect(new Set(colours).size).toBe(5);
    const [grey] = await tones.evaluateAll((all) =>
      all.map((it) => getComputedStyle(it).backgroundColor),
    );
    expect(grey).toBe(colours[4]);
  });

  test('S24-01: whether states have signs is kept for the user, on other machines, too', async () => {
    const kept = page.waitForResponse((it) => it.url().endsWith('/settings/phone_panel.glyphs'));
    await page.getByLabel(its.glyphs).uncheck();
    expect((await kept).status()).toBe(204);

    const elsewhere = await office.windowOf(login, '/workspace/phone_panel', {
      locale,
      machine: 'another',
    });
    await elsewhere.locator('[data-id]').first().waitFor();
    expect(await elsewhere.getByLabel(its.glyphs).isChecked()).toBe(false);
    await elsewhere.close();
    expect(complaints(page)).toEqual([]);
  });
});

test('S22 S24: a line that is made, renamed and removed is so on every list at once, and its end is told', async () => {
  const admin = await office.windowOf('admin', '/favicon.svg');
  const [list, panel] = [
    await office.windowOf('operator3', '/workspace/extensions'),
    await office.windowOf('operator4', '/workspace/phone_panel'),
  ];
  await list.locator('[data-row]').first().waitFor();
  await panel.locator('[data-id]').first().waitFor();

  const line = { number: '1500', name: 'Временный', user_id: null };
  const made = await ask<{ id: string; version: number }>(admin, 'POST', '/admin/lines', line);
  await list.getByText('Временный').waitFor();
  await panel.getByRole('button', { name: /^1500, Временный/ }).waitFor();
  const renamed = await ask<{ version: number }>(
    admin,
    'PUT',
    `/admin/lines/${made.id}`,
    { name: 'Переименованный', user_id: null },
    { 'If-Match': String(made.version) },
  );
  await list.getByText('Переименованный').waitFor();
  await panel.getByRole('button', { name: /^1500, Переименованный/ }).waitFor();
  await ask(admin, 'DELETE', `/admin/lines/${made.id}`, undefined, {
    'If-Match': String(renamed.version),
  });

  for (const page of [list, panel]) await page.getByText('Номер 1500 удалён.').waitFor();
  await list.getByText('Переименованный').waitFor({ state: 'detached' });
  await panel.getByRole('button', { name: /^1500/ }).waitFor({ state: 'detached' });
});

test('S24-05: the wall asks for its token, fills the screen without a menu, greys out without the server', async () => {
  const admin = await office.windowOf('admin', '/favicon.svg');
  const { token } = await ask<{ token: string }>(admin, 'POST', '/wall-tokens', {
    title: 'Зал',
    days: 1,
  });
  const wall = await office.windowOf('', '/wall', { width: 1920, height: 1080 });
  const field = wall.getByLabel('Ключ экрана');
  await field.fill(DEMO_PASSWORD);
  await wall.keyboard.press('Enter');
  await wall.getByText(/невер/i).waitFor();
  await field.fill(token);
  await wall.keyboard.press('Enter');

  const cells = wall.getByRole('list', { name: 'Панель телефонов' }).getByRole('listitem');
  await cells.first().waitFor();
  expect(await cells.count()).toBe(23);
  await wall.getByText('Свободно 0 из 23').waitFor();
  expect(await wall.getByRole('navigation').count()).toBe(0);
  expect(await wall.getByRole('button').count()).toBe(0);
  expect(await wall.locator('html').getAttribute('data-theme')).toBe('dark');
  expect(
    await wall.evaluate(() => {
      const { scrollWidth, scrollHeight, clientWidth, clientHeight } = document.documentElement;
      return scrollWidth <= clientWidth && scrollHeight <= clientHeight;
    }),
  ).toBe(true);

  await office.server.kill();
  await wall.getByText(/^Нет связи с сервером с \d\d:\d\d$/).waitFor();
  const hatched = await cells.first().evaluate((it) => getComputedStyle(it).backgroundImage);
  expect(hatched).toMatch(/repeating-linear-gradient/);
  await office.server.run();
  await wall.getByRole('alert').waitFor({ state: 'detached' });
});

const numbers = (page: Page): Promise<string[]> =>
  page
    .locator('[data-row]')
    .evaluateAll((rows) => rows.map((it) => it.firstElementChild?.textContent ?? ''));
