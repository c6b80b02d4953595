// LT-01…LT-18, the toolbar and table that all lists share, on «Мои разговоры» and «Внутренние номера», in
// both languages. The name of a test begins with the rows of the specification that it proves.

import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { copyCalls } from './harness/archive';
import { complaints } from './harness/browser';
import { Office } from './harness/people';

let office: Office;
beforeAll(async () => {
  office = await Office.open((database) => copyCalls(database, 3));
});
afterAll(async () => {
  await office?.close();
});

const TEXTS = {
  ru: {
    previous: 'Предыдущий период',
    next: 'Следующий период',
    presets: ['СЕГОДНЯ', 'ВЧЕРА', 'НЕДЕЛЯ', 'МЕСЯЦ', 'ГОД'],
    reset: 'СБРОСИТЬ',
    filter: 'ФИЛЬТР',
    period: 'Период:',
    from: 'с',
    to: 'по',
    search: 'Поиск',
    searched: 'Поиск (по полям "Сторона А" и "Сторона Б")',
    json: 'JSON',
    copy: 'Скопировать',
    close: 'Закрыть',
    more: 'Ещё',
    columns: 'Столбцы',
    choose: 'Выбрать...',
    help: 'Справка',
    helpOn: 'Мои разговоры: как пользоваться списком',
    card: 'КАРТОЧКА',
    qm: 'ОТПРАВИТЬ В QM',
    noQm: 'Модуля контроля качества ещё нет.',
    loaded: /^Загружено ([\d\s]+) из ([\d\s]+)$/,
    direction: 'Направление',
    incoming: 'Входящий',
    clearDirection: 'Очистить: Направление',
    time: 'Время',
    dialled: 'Набранный номер',
    number: 'Номер',
    name: 'Имя',
    state: 'Состояние',
  },
  en: {
    previous: 'Previous',
    next: 'Next',
    presets: ['Today', 'Yesterday', 'Week', 'Month', 'Year'],
    reset: 'Reset',
    filter: 'Filter',
    period: 'Period:',
    from: 'from',
    to: 'to',
    search: 'Search',
    searched: 'Search by side A and side B',
    json: 'JSON',
    copy: 'Copy',
    close: 'Close',
    more: 'More',
    columns: 'Columns',
    choose: 'Select…',
    help: 'Help',
    helpOn: 'My calls: how to use the list',
    card: 'Card',
    qm: 'Send to QM',
    noQm: 'There is no quality module yet.',
    loaded: /^Loaded ([\d,]+) of ([\d,]+)$/,
    direction: 'Direction',
    incoming: 'Incoming',
    clearDirection: 'Clear: Direction',
    time: 'Time',
    dialled: 'Dialled number',
    number: 'Number',
    name: 'Name',
    state: 'State',
  },
} as const;

describe.each(['ru', 'en'] as const)('%s', (locale) => {
  const its = TEXTS[locale];
  const login = { ru: 'admin', en: 'vinogradova' }[locale];
  let page: Page;
  beforeAll(async () => {
    page = await office.windowOf(login, '/workspace/my_calls', { locale });
    await page.getByRole('grid').waitFor();
  });

  test('LT-02 LT-03 LT-04 LT-05 LT-06: each preset asks the server for its span, days whole and the rest rolling to now', async () => {
    const today = await dayInPage(page, 0);
    const spans = [
      [today, await dayInPage(page, 1)],
      [await dayInPage(page, -1), today],
      [await dayInPage(page, -7), null],
      [await dayInPage(page, 0, -1), null],
      [await dayInPage(page, 0, -12), null],
    ];
    for (const [index, name] of its.presets.entries()) {
      // A preset that is chosen already asks nothing: each is come to from another one.
      const before = its.presets[(index + 1) % its.presets.length] ?? '';
      await queryAfter(page, () => button(page, before).click());
      const query = await queryAfter(page, () => button(page, name).click());

      expect([query.get('from'), query.get('to')].map(instant), name).toEqual(spans[index]);
      expect(await button(page, name).getAttribute('aria-pressed')).toBe('true');
      expect(await page.locator('[aria-pressed="true"]').count()).toBe(1);
    }
  });

  test('LT-01: < and > move the period by its own length; > stops at the present', async () => {
    await queryAfter(page, () => button(page, its.presets[0]).click());
    expect(await button(page, its.next).isDisabled()).toBe(true);

    let query = await queryAfter(page, () => button(page, its.previous).click());
    expect(instant(query.get('from'))).toBe(await dayInPage(page, -1));
    expect(instant(query.get('to'))).toBe(await dayInPage(page, 0));

    await queryAfter(page, () => button(page, its.presets[3]).click());
    query = await queryAfter(page, () => button(page, its.previous).click());
    expect(instant(query.get('from'))).toBe(await dayInPage(page, 0, -2));
    expect(instant(query.get('to'))).toBe(await dayInPage(page, 0, -1));
    query = await queryAfter(page, () => button(page, its.next).click());
    expect(instant(query.get('from'))).toBe(await dayInPage(page, 0, -1));
    expect(await button(page, its.next).isDisabled()).toBe(true);
  });

  test('LT-09: a period typed as dd.mm.yyyy hh:mm is asked for; what is no date comes to nothing', async () => {
    await page.getByText(its.period, { exact: true }).waitFor();
    const [from, to] = [
      page.getByLabel(its.from, { exact: true }),
      page.getByLabel(its.to, { exact: true }),
    ];
    await from.fill('01.10.2025 00:00');
    await queryAfter(page, () => from.press('Enter'));
    await to.fill('27.10.2025 12:30');
    const query = await queryAfter(page, () => to.press('Enter'));

    expect(instant(query.get('from'))).toBe(await instantInPage(page, 2025, 10, 1, 0, 0));
    expect(instant(query.get('to'))).toBe(await instantInPage(page, 2025, 10, 27, 12, 30));
    await to.fill('31.02.2025 00:00');
    await to.press('Enter');
    expect(await to.inputValue()).toBe('27.10.2025 12:30');
  });

  test('LT-08 LT-14: the filter row opens, a choice narrows the list and becomes a chip with ×', async () => {
    await queryAfter(page, () => button(page, its.presets[4]).click());
    await button(page, its.filter).click();
    const select = page.getByRole('combobox', { name: its.direction });
    expect(await select.locator('option').first().textContent()).toBe(its.choose);

    let query = await queryAfter(page, () => select.selectOption({ label: its.incoming }));
    expect(query.get('direction')).toBe('in');
    const chip = page.getByText(`${its.direction}: ${its.incoming}`, { exact: true });
    await chip.waitFor();
    await button(page, its.filter).click();
    expect(await select.count()).toBe(0);

    query = await queryAfter(page, () => button(page, its.clearDirection).click());
    expect(query.get('direction')).toBeNull();
    await chip.waitFor({ state: 'detached' });
  });

  test('LT-10: the search asks the server once typing pauses, by the fields that its placeholder names', async () => {
    const box = page.getByRole('searchbox', { name: its.search });
    expect(await box.getAttribute('placeholder')).toBe(its.searched);
    const asked: string[] = [];
    const note = (it: { url(): string }) => {
      const q = new URL(it.url()).searchParams.get('q');
      if (it.url().includes('/api/v1/calls?') && q !== null) asked.push(q);
    };
    page.on('request', note);
    await box.pressSequentially('1003');
    await expect.poll(() => asked.at(-1), { timeout: 30_000 }).toBe('1003');
    page.off('request', note);

    // A machine that is busy may pause between two letters for as long as a person; not between all.
    expect(asked.length).toBeLessThan(4);
    await expect.poll(() => sidesOf(page), { timeout: 30_000 }).toMatch(/^(.*\(1003\).*\n?)+$/);
  });

  test('LT-07: reset clears period, filter, search and sort, and has nothing to do then', async () => {
    const header = page.getByRole('columnheader', { name: its.time }).getByRole('button');
    await queryAfter(page, () => header.click());
    const reset = button(page, its.reset);
    const query = await queryAfter(page, () => reset.click());

    expect(query.get('q')).toBeNull();
    expect(query.get('sort')).toBe('-time');
    expect(instant(query.get('from'))).toBe(await dayInPage(page, 0));
    expect(await page.getByRole('searchbox', { name: its.search }).inputValue()).toBe('');
    expect(await button(page, its.presets[0]).getAttribute('aria-pressed')).toBe('true');
    expect(await reset.isDisabled()).toBe(true);
  });

  test('LT-13: a header sorts ascending, descending, not at all; the server does it', async () => {
    await queryAfter(page, () => button(page, its.presets[4]).click());
    const header = page.getByRole('columnheader', { name: its.time });
    expect(await header.getAttribute('aria-sort')).toBe('descending');
    const states: [string | null, string | null][] = [];
    for (let n = 0; n < 3; n++) {
      const query = await queryAfter(page, () => header.getByRole('button').click());
      states.push([await header.getAttribute('aria-sort'), query.get('sort')]);
    }

    expect(states).toEqual([
      ['none', null],
      ['ascending', 'time'],
      ['descending', '-time'],
    ]);
  });

  test('LT-18: over a thousand rows scroll virtually; the count says how many are there of how many', async () => {
    // Sorted upwards: a list that was shown before is another one.
    const header = page.getByRole('columnheader', { name: its.time }).getByRole('button');
    await queryAfter(page, () => header.click());
    const grid = page.getByRole('grid');
    await page.locator('[data-row]').first().waitFor();
    const [first, total] = await counts(page, its.loaded);
    expect(total).toBeGreaterThan(1000);
    expect(first).toBeLessThan(total);

    await page.locator('[data-row]').first().focus();
    let loaded = first;
    while (loaded < total) {
      await page.keyboard.press('End');
      await expect
        .poll(async () => (await counts(page, its.loaded))[0], { timeout: 30_000 })
        .toBeGreaterThan(loaded);
      [loaded] = await counts(page, its.loaded);
      expect(await page.locator('[data-row]').count()).toBeLessThan(120);
    }
    await page.keyboard.press('End');
    await page.locator(`[data-row][aria-rowindex="${total + 1}"]`).waitFor();
    expect(await grid.getAttribute('aria-rowcount')).toBe(String(total + 1));
    await page.keyboard.press('Home');
    await page.locator('[data-row][aria-rowindex="2"]:focus').waitFor();
  });

  test('LT-11: JSON shows the raw record of the selected row, read-only, to copy', async () => {
    const row = page.locator('[data-row]').first();
    await row.click();
    await button(page, its.json).click();
    const dialog = page.getByRole('dialog', { name: its.json });
    const record = JSON.parse((await dialog.locator('pre').textContent()) ?? '');

    expect(record.id).toBe(await row.getAttribute('data-row'));
    await dialog.getByRole('button', { name: its.copy }).waitFor();
    await dialog.getByRole('button', { name: its.close }).click();
    await dialog.waitFor({ state: 'detached' });
  });

  test('LT-16: the card opens beside the list, on a page of its own by a double click', async () => {
    await page.locator('[data-row]').first().click();
    await button(page, its.card).click();
    const card = page.getByRole('region', { name: / → .* \[\d+:\d\d\]$/ });
    await card.waitFor();
    await page.keyboard.press('Escape');
    await card.waitFor({ state: 'detached' });

    await page.locator('[data-row]').first().dblclick();
    await page.waitForURL(/\/workspace\/my_calls\/[0-9a-f-]+$/);
    await page.goBack();
    await page.locator('[data-row]').first().waitFor();
  });

  test('LT-17: sending to QM is there for one and for many, off, and says why', async () => {
    await page.locator('[data-row]').first().click();
    await page
      .locator('[data-row]')
      .nth(2)
      .click({ modifiers: ['Shift'] });
    expect(await page.locator('[data-row][aria-selected="true"]').count()).toBe(3);
    const send = button(page, its.qm);

    expect(await send.isDisabled()).toBe(true);
    expect(await send.getAttribute('title')).toBe(its.noQm);
  });

  test('LT-12: what does not fit goes into ⋮, and columns are chosen there and kept for the user', async () => {
    await page.setViewportSize({ width: 1024, height: 720 });
    await page.locator('[data-row]').first().click();
    await button(page, its.card).click();
    await page.getByRole('region', { name: / → .* \[\d+:\d\d\]$/ }).waitFor();
    await button(page, its.more).click();
    await page.getByRole('menuitem', { name: its.json }).waitFor();
    const kept = page.waitForResponse((it) => it.url().endsWith('/me/settings/list.calls'));
    await page.getByRole('menuitem', { name: its.columns }).click();
    await page.getByRole('dialog').getByLabel(its.dialled, { exact: true }).uncheck();
    await page.getByRole('dialog').getByRole('button', { name: its.close }).click();
    expect((await kept).status()).toBe(204);
    await page.setViewportSize({ width: 1366, height: 768 });

    const elsewhere = await office.windowOf(login, '/workspace/my_calls', {
      locale,
      machine: 'another',
    });
    await elsewhere.getByRole('columnheader', { name: its.time }).waitFor();
    expect(await elsewhere.getByRole('columnheader', { name: its.dialled }).count()).toBe(0);
    await elsewhere.close();
  });

  test('LT-15: ? beside the title tells how to use the list, and that its article comes later', async () => {
    await button(page, its.help).click();
    const dialog = page.getByRole('dialog', { name: its.helpOn });
    await dialog.getByText(locale === 'ru' ? /База знаний/ : /Knowledge base/).waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
  });

  test('LT-13: Shift and a click add a second key, where the list is sorted here', async () => {
    await page.goto('/workspace/extensions');
    await page.locator('[data-row]').first().waitFor();
    const sortBy = (name: string) => page.getByRole('columnheader', { name }).getByRole('button');
    await sortBy(its.state).click();
    await sortBy(its.name).click({ modifiers: ['Shift'] });

    const rows = await page
      .locator('[data-row]')
      .evaluateAll((all) =>
        all.map((it) =>
          [...it.querySelectorAll('[role="gridcell"]')].map(
            (cell) => cell.getAttribute('title') ?? '',
          ),
        ),
      );
    const order = new Intl.Collator(undefined, { numeric: true });
    const expected = rows.toSorted(
      (a, b) => order.compare(a[2] ?? '', b[2] ?? '') || order.compare(a[1] ?? '', b[1] ?? ''),
    );
    expect(rows.length).toBeGreaterThan(10);
    expect(rows).toEqual(expected);
    expect(complaints(page)).toEqual([]);
  });
});

test('LT-11: without the right ui.json there is no JSON', async () => {
  const page = await office.windowOf('operator1', '/workspace/my_calls');
  await page.getByRole('button', { name: 'КАРТОЧКА' }).waitFor();

  expect(await page.getByRole('button', { name: 'JSON' }).count()).toBe(0);
});

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });

/** The parameters of the list of calls that the page asks for because of `act`, once it has come. */
async function queryAfter(page: Page, act: () => Promise<unknown>): Promise<URLSearchParams> {
  const answered = page.waitForResponse((it) => {
    const { pathname, searchParams } = new URL(it.url());
    return pathname === '/api/v1/calls' && !searchParams.has('cursor');
  });
  await act();
  const answer = await answered;
  await answer.finished();
  return new URL(answer.url()).searchParams;
}

const instant = (text: string | null): number | null => (text === null ? null : Date.parse(text));

/** Midnight of a day of the page's time zone, so many days and months from today. */
const dayInPage = (page: Page, days: number, months = 0): Promise<number> =>
  page.evaluate(
    ([days, months]) => {
      const now = new Date();
      const last = new Date(now.getFullYear(), now.getMonth() + months + 1, 0).getDate();
      const date = months === 0 ? now.getDate() : Math.min(now.getDate(), last);
      return new Date(now.getFullYear(), now.getMonth() + months, date + days).getTime();
    },
    [days, months] as const,
  );

const instantInPage = (page: Page, ...parts: [number, number, number, number, number]) =>
  page.evaluate(
    ([year, month, day, hour, minute]) => new Date(year, month - 1, day, hour, minute).getTime(),
    parts,
  );

/** Sides A and B of the rows that are drawn, a line a row. */
const sidesOf = (page: Page): Promise<string> =>
  page.locator('[data-row]').evaluateAll((rows) =>
    rows
      .map((it) => [...it.querySelectorAll('[role="gridcell"]')].slice(2, 4))
      .map((cells) => cells.map((it) => it.textContent).join(' '))
      .join('\n'),
  );

async function counts(page: Page, pattern: RegExp): Promise<[number, number]> {
  const text = await page.locator('footer').getByText(pattern).textContent();
  const [, loaded = '', total = ''] = pattern.exec(text ?? '') ?? [];
  return [Number(loaded.replace(/\D/g, '')), Number(total.replace(/\D/g, ''))];
}
