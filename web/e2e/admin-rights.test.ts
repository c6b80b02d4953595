import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { button, COMMON, hears, LOCALES, type Locale } from './harness/admin';
import { complaints } from './harness/browser';
import { ask, Office } from './harness/people';

let office: Office;
beforeAll(async () => {
  office = await Office.open();
});
afterAll(() => office?.close());

const WORDS = {
  ru: {
    ...COMMON.ru,
    heading: 'Права ролей',
    saved: 'Всё сохранено',
    unsaved: (n: number) => `Не сохранен${n === 1 ? 'а 1 отметка' : `ы ${n} отметки`}`,
    held: 'есть',
    own: 'Видеть свои звонки',
    wall: 'Показывать табло',
    work: 'Открывать рабочее место',
    changedBy: (role: string) => `Роль «${role}» только что изменил admin.`,
    leave: 'Уйти и потерять несохранённые отметки?',
    lines: 'Линии',
  },
  en: {
    ...COMMON.en,
    heading: 'Rights of roles',
    saved: 'All is saved',
    unsaved: (n: number) => (n === 1 ? '1 mark is not saved' : `${n} marks are not saved`),
    held: 'yes',
    own: 'See one’s own calls',
    wall: 'Show the wall',
    work: 'Open the workspace',
    changedBy: (role: string) => `admin has just changed the role “${role}”.`,
    leave: 'Leave and lose the marks that are not saved?',
    lines: 'Lines',
  },
} as const;

test.each(LOCALES)('every right of every role stands there in words, %s', async (locale) => {
  const words = WORDS[locale];
  const page = await office.windowOf('admin', '/admin/rights', { locale });
  await page.getByRole('heading', { level: 1, name: words.heading }).waitFor();
  await page.getByRole('rowheader', { name: words.own }).waitFor();
  const [roles, rights] = await Promise.all([
    ask<{ items: Role[] }>(page, 'GET', '/admin/roles'),
    ask<{ items: { code: string }[] }>(page, 'GET', '/admin/rights'),
  ]);

  const shown = await page.locator('tbody tr:has(td)').evaluateAll((rows, held) => {
    const titles = [...document.querySelectorAll('thead th bdi')].map((it) => it.textContent ?? '');
    return rows.map((row) => ({
      code: row.querySelector('th')?.title ?? '',
      words: row.querySelector('th')?.textContent ?? '',
      holders: [...row.querySelectorAll('td')].flatMap((cell, n) => {
        const isOn = cell.querySelector('input')?.checked ?? cell.textContent === held;
        return isOn ? [titles[n] ?? ''] : [];
      }),
    }));
  }, words.held);

  expect(shown.map((it) => it.code).sort()).toEqual(rights.items.map((it) => it.code).sort());
  for (const { code, words: told, holders } of shown) {
    expect(told).not.toBe(code);
    const expected = roles.items.filter((it) => it.rights.includes(code));
    expect(holders.sort(), code).toEqual(expected.map((it) => it.title[locale]).sort());
  }
  expect(complaints(page)).toEqual([]);
  await page.close();
});

test.each(LOCALES)(
  'a role of one’s own is marked by the keyboard and saved, %s',
  async (locale) => {
    const words = WORDS[locale];
    const role = await made(`keyed_${locale}`);
    const page = await screen(locale, role);

    await cell(page, words.work, role).focus();
    expect(await page.locator('input[tabindex="0"]').count()).toBe(1);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await expectFocus(page, words.wall, role);
    await page.keyboard.press('Space');
    await page.getByText(words.unsaved(1)).waitFor();
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Space');
    await page.getByText(words.unsaved(2)).waitFor();
    expect(await rightsOf(page, role)).toEqual(['calls.own']);
    await button(page, words.save).press('Enter');

    await page.getByText(words.saved).waitFor();
    expect(await rightsOf(page, role)).toEqual(['calls.own', 'wall.view', 'workspace.use']);
    expect(complaints(page)).toEqual([]);
    await page.close();
  },
);

test.each(LOCALES)('two who mark one role see it and lose nothing, %s', async (locale) => {
  const words = WORDS[locale];
  const role = await made(`shared_${locale}`);
  const [mine, theirs] = [await screen(locale, role), await screen(locale, role)];
  await mine.bringToFront();
  await cell(mine, words.wall, role).check();

  await theirs.bringToFront();
  await cell(theirs, words.work, role).check();
  await cell(theirs, words.own, role).uncheck();
  await button(theirs, words.save).click();
  await theirs.getByText(words.saved).waitFor();

  await mine.getByText(words.changedBy(role)).waitFor();
  await expect.poll(() => cell(mine, words.work, role).isChecked(), POLL).toBe(true);
  await expect.poll(() => cell(mine, words.own, role).isChecked(), POLL).toBe(false);
  expect(await cell(mine, words.wall, role).isChecked()).toBe(true);
  await mine.bringToFront();
  await button(mine, words.save).click();
  await mine.getByText(words.saved).waitFor();
  expect(await rightsOf(mine, role)).toEqual(['wall.view', 'workspace.use']);
  await expect.poll(() => cell(theirs, words.wall, role).isChecked(), POLL).toBe(true);
  await Promise.all([mine.close(), theirs.close()]);
});

test.each(LOCALES)('a change that was overtaken is saved on top of it, %s', async (locale) => {
  const words = WORDS[locale];
  const role = await made(`overtaken_${locale}`);
  const page = await screen(locale, role);
  await cell(page, words.wall, role).check();
  // Somebody else is first while the panel's request is still on its way.
  let isOvertaken = false;
  await page.route('**/api/v1/admin/roles/*', async (route) => {
    if (route.request().method() === 'PUT' && !isOvertaken) {
      isOvertaken = true;
      const other = await office.windowOf('admin', '/favicon.svg', { locale });
      const { id, code, title, version } = await roleOf(other, role);
      const body = { code, title, rights: ['qm.view'] };
      await ask(other, 'PUT', `/admin/roles/${id}`, body, { 'If-Match': String(version) });
      await other.close();
    }
    await route.continue();
  });

  await button(page, words.save).click();

  await page.getByText(words.saved).waitFor();
  expect(await rightsOf(page, role)).toEqual(['qm.view', 'wall.view']);
  await page.close();
});

test.each(LOCALES)('headings stay in sight; who leaves with marks is asked, %s', async (locale) => {
  const words = WORDS[locale];
  const role = await made(`seen_${locale}`);
  const page = await screen(locale, role);
  const corner = page.locator('thead th').first();
  const before = await corner.boundingBox();

  await page.locator('section:has(> table)').evaluate((it) => it.scrollTo(10_000, 10_000));

  expect(await corner.boundingBox()).toEqual(before);
  const last = page.locator('tbody tr th[scope=row]').last();
  expect((await last.boundingBox())?.x).toBe(before?.x);
  await cell(page, words.wall, role).check();
  await page.getByRole('link', { name: words.lines }).click();
  await page.getByText(words.leave).waitFor();
  await button(page, words.no).click();
  expect(await cell(page, words.wall, role).isChecked()).toBe(true);
  expect(new URL(page.url()).pathname).toBe('/admin/rights');
  await page.close();
});

interface Role {
  readonly id: string;
  readonly code: string;
  readonly title: { readonly ru: string; readonly en: string };
  readonly rights: readonly string[];
  readonly version: number;
}

/** Makes a role that may see its own calls; its title is its code. */
async function made(code: string): Promise<string> {
  const page = await office.windowOf('admin', '/favicon.svg');
  const title = { ru: code, en: code };
  await ask(page, 'POST', '/admin/roles', { code, title, rights: ['calls.own'] });
  await page.close();
  return code;
}

/** The administrator's window, with the role there. */
async function screen(locale: Locale, role: string): Promise<Page> {
  const page = await office.windowOf('admin', '/admin/rights', { locale });
  await cell(page, WORDS[locale].own, role).waitFor();
  await hears(page, locale);
  return page;
}

const cell = (page: Page, right: string, role: string) =>
  page.getByRole('checkbox', { name: new RegExp(`^${right}( —|:) ${role}$`) });

async function roleOf(page: Page, code: string): Promise<Role> {
  const { items } = await ask<{ items: Role[] }>(page, 'GET', '/admin/roles');
  const found = items.find((it) => it.code === code);
  if (!found) throw new Error(`no role ${code}`);
  return found;
}

const rightsOf = async (page: Page, code: string) => [...(await roleOf(page, code)).rights].sort();

async function expectFocus(page: Page, right: string, role: string): Promise<void> {
  await expect
    .poll(() => cell(page, right, role).evaluate((it) => it === document.activeElement), POLL)
    .toBe(true);
}

const POLL = { timeout: 30_000 };
