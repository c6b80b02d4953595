// S25 «Взаимодействия» and S26 «Мои звонки», in both languages; the lists' own rows are in lists.test.ts.

import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { complaints } from './harness/browser';
import { Office } from './harness/people';

let office: Office;
beforeAll(async () => {
  office = await Office.open();
});
afterAll(async () => {
  await office?.close();
});

const TEXTS = {
  ru: {
    calls: {
      title: 'Мои разговоры',
      columns: ['Время', 'Набранный номер', 'Сторона А', 'Сторона Б', 'Разговор'],
      search: 'Поиск (по полям "Сторона А" и "Сторона Б")',
      filters: ['Пользователь', 'Направление'],
      peer: 'Абонент',
      off: {
        ПРОСЛУШАТЬ: 'Записи этого разговора нет.',
        'ОТПРАВИТЬ В QM': 'Модуля контроля качества ещё нет.',
        ПОЗВОНИТЬ:
          'Звонок из панели появится вместе с телефоном панели. Пока наберите номер на своём телефоне.',
      },
      card: /^Разговор .+ → .+ \[\d\d:\d\d\]$/,
      headings: ['Сторона А', 'Сторона Б', 'История'],
      print: 'Печать',
      close: 'Закрыть',
    },
    interactions: {
      title: 'Мои взаимодействия',
      help: 'Справка',
      columns: ['Время', 'Канал', 'Описание', 'Операторы', 'Сервис'],
      search: 'Поиск (по полю "Описание")',
      channel: 'Канал',
      service: 'Сервис',
      channels: ['Выбрать...', 'Звонок', 'Мессенджер', 'Электронная почта'],
      call: 'Звонок',
      empty: 'По этому фильтру ничего нет.',
      open: 'ОТКРЫТЬ',
      expand: 'РАЗВЕРНУТЬ',
      close: 'ЗАКРЫТЬ',
      tabs: ['ДИАЛОГ', 'СВОЙСТВА', 'ИСТОРИЯ, ССЫЛКИ И КОММЕНТАРИИ'],
      facts: [
        'Учетная запись',
        'Абонент',
        'Контакт',
        'Начало диалога',
        'Завершение диалога',
        'Кол-во сообщений',
      ],
      relative:
        /^(Сегодня|Вчера|Понедельник|Вторник|Среда|Четверг|Пятница|Суббота|Воскресенье|\d\d\.)/,
      noDialog:
        'Это звонок: в нём нет сообщений. Переписка появится здесь вместе с каналами чатов и почты.',
    },
  },
  en: {
    calls: {
      title: 'My calls',
      columns: ['Time', 'Dialled number', 'Side A', 'Side B', 'Talk'],
      search: 'Search by side A and side B',
      filters: ['User', 'Direction'],
      peer: 'Subscriber',
      off: {
        Play: 'This call has no recording.',
        'Send to QM': 'There is no quality module yet.',
        Call: "Calling from the panel comes with the panel's phone. Until then dial the number on your own phone.",
      },
      card: /^Call .+ → .+ \[\d\d:\d\d\]$/,
      headings: ['Side A', 'Side B', 'History'],
      print: 'Print',
      close: 'Close',
    },
    interactions: {
      title: 'My interactions',
      help: 'Help',
      columns: ['Time', 'Channel', 'Description', 'Operators', 'Service'],
      search: 'Search by Description',
      channel: 'Channel',
      service: 'Service',
      channels: ['Select…', 'Call', 'Messenger', 'E-mail'],
      call: 'Call',
      empty: 'Nothing matches this filter.',
      open: 'Open',
      expand: 'Expand',
      close: 'Close',
      tabs: ['DIALOG', 'PROPERTIES', 'HISTORY, LINKS AND COMMENTS'],
      facts: ['Account', 'Subscriber', 'Contact', 'Dialog start', 'Dialog end', 'Messages'],
      relative: /^(Today|Yesterday|\w+day|\d\d\/)/,
      noDialog:
        'This is a call: there are no messages in it. Conversations appear here with the channels for chats and mail.',
    },
  },
} as const;

describe.each(['ru', 'en'] as const)('S26 %s', (locale) => {
  const its = TEXTS[locale].calls;
  const login = { ru: 'operator1', en: 'operator2' }[locale];
  let page: Page;
  beforeAll(async () => {
    page = await office.windowOf(login, '/workspace/my_calls?period=year', { locale });
    await page.locator('[data-row]').first().waitFor();
  });

  test('S26-01 S26-06 S26-07: columns, filters and search by side; talk is mm:ss', async () => {
    await page.getByRole('heading', { level: 1, name: its.title }).waitFor();
    expect(await page.getByRole('columnheader').allTextContents()).toEqual(its.columns);
    expect(await page.getByPlaceholder(its.search).count()).toBe(1);
    await press(page, { ru: 'ФИЛЬТР', en: 'Filter' }[locale]);
    for (const name of its.filters) {
      expect(await page.getByRole('combobox', { name, exact: true }).count()).toBe(1);
    }

    const peer = page.getByRole('textbox', { name: its.peer, exact: true });
    await peer.fill('+79000000093');
    await peer.press('Enter');
    const talks = () =>
      page.locator('[data-row]').evaluateAll((rows) => rows.map((it) => it.textContent ?? ''));
    await expect
      .poll(async () => (await talks()).every((it) => it.includes('79000000093')), POLL)
      .toBe(true);
    for (const it of await talks()) expect(it).toMatch(/\d\d:\d\d$/);
    await peer.fill('');
    await peer.press('Enter');
    await expect
      .poll(async () => (await talks()).some((it) => !it.includes('79000000093')), POLL)
      .toBe(true);
  });

  test('S26-02 S26-03 S26-04: listening, QM and calling are there, off, and say honestly why', async () => {
    await page.locator('[data-row]').first().click();
    for (const [name, why] of Object.entries(its.off)) {
      const button = page.getByRole('button', { name, exact: true });
      expect(await button.isDisabled(), name).toBe(true);
      expect(await button.getAttribute('title')).toBe(why);
    }
  });

  test('S26-08 S26-09: the card has sides, history and a print view of itself alone', async () => {
    await page.locator('[data-row]').first().focus();
    await page.keyboard.press('Enter');
    const card = page.getByRole('region', { name: its.card });
    for (const name of its.headings) await card.getByRole('heading', { name }).waitFor();
    expect(await card.textContent()).not.toMatch(/undefined|null|NaN/);

    await page.evaluate(() => {
      globalThis.print = () => {
        document.title = 'printed';
      };
    });
    await card.getByRole('button', { name: its.print }).click();
    expect(await page.title()).toBe('printed');
    await page.emulateMedia({ media: 'print' });
    expect(await card.getByRole('heading').first().isVisible()).toBe(true);
    expect(await page.getByRole('grid').isVisible()).toBe(false);
    await page.emulateMedia({ media: 'screen' });
    await card.getByRole('button', { name: its.close, exact: true }).click();
    await card.waitFor({ state: 'detached' });
    expect(complaints(page)).toEqual([]);
  });
});

describe.each(['ru', 'en'] as const)('S25 %s', (locale) => {
  const its = TEXTS[locale].interactions;
  const login = { ru: 'operator1', en: 'operator2' }[locale];
  let page: Page;
  beforeAll(async () => {
    page = await office.windowOf(login, '/workspace/interactions?period=year', { locale });
    await page.locator('[data-row]').first().waitFor();
  });

  test('S25-01 S25-03 S25-04 S25-05 S25-06 S25-07: heading with ?, columns, search, channel as icon and word', async () => {
    await page.getByRole('heading', { level: 1, name: its.title }).waitFor();
    await page.getByRole('button', { name: its.help, exact: true }).waitFor();
    expect(await page.getByRole('columnheader').allTextContents()).toEqual(its.columns);
    const time = page.getByRole('columnheader').first();
    expect(await time.getAttribute('aria-sort')).toBe('descending');
    const box = page.getByPlaceholder(its.search);
    await box.fill('1001');
    await box.fill('');
    const cells = page.locator('[data-row]').first().getByRole('gridcell');
    expect(await cells.nth(1).locator('svg').count()).toBe(1);

    expect(await cells.nth(1).textContent()).toBe(its.call);
    expect(await cells.nth(2).textContent()).toMatch(/ → .* \[\d\d:\d\d\]$/);
    expect(await cells.nth(3).textContent()).toMatch(/Орлова|Белов/);
  });

  test('S25-02: filters by service and channel; the channels that come later find nothing and say so', async () => {
    await press(page, { ru: 'ФИЛЬТР', en: 'Filter' }[locale]);
    const channel = page.getByRole('combobox', { name: its.channel });
    expect(await channel.locator('option').allTextContents()).toEqual(its.channels);
    await page.getByRole('textbox', { name: its.service }).waitFor();
    await channel.selectOption({ label: its.channels[2] });
    await page.getByText(its.empty).waitFor();
    await channel.selectOption({ label: its.call });
    await page.locator('[data-row]').first().waitFor();
    await channel.selectOption({ index: 0 });
  });

  test('S25-08 S25-09 S25-10 S25-11: the card has its tabs; the dialog of a call is empty and says why', async () => {
    await page.locator('[data-row]').first().click();
    await press(page, its.open);
    const tabs = page.getByRole('tab');
    await tabs.first().waitFor();
    expect(await tabs.allTextContents()).toEqual(its.tabs);
    await tabs.first().click();

    const panel = page.getByRole('tabpanel');
    await panel.getByText(its.noDialog).waitFor();
    expect(await panel.locator('dt').allTextContents()).toEqual(its.facts);
    const values = await panel.locator('dd').allTextContents();
    expect(values[3]).toMatch(its.relative);
    expect(values[5]).toBe('0');
    await tabs.nth(2).click();
    await panel.getByRole('listitem').first().waitFor();
    await page.getByRole('button', { name: its.close, exact: true }).click();
    await tabs.first().waitFor({ state: 'detached' });
  });

  test('S25-12: the call behind an interaction opens from its card', async () => {
    await page.locator('[data-row]').first().click();
    await press(page, its.open);
    await press(page, its.expand);

    await page.waitForURL(/\/workspace\/my_calls\/[0-9a-f-]+$/);
    await page.getByRole('heading', { level: 1, name: TEXTS[locale].calls.card }).waitFor();
    expect(complaints(page)).toEqual([]);
  });
});

const POLL = { timeout: 30_000 };

const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click();
