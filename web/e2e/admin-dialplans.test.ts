import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { complaints } from './harness/browser';
import { Office } from './harness/people';

let office: Office;
beforeAll(async () => {
  office = await Office.open();
});
afterAll(() => office?.close());

test('a broken plan is told at its line and does not get into force', async () => {
  const page = await editor();
  const whole = await typed(page).inputValue();

  await typed(page).fill(whole.replace('{number}', '{nummer}'));
  const mistake = page.getByRole('button', { name: /^строка 14.*нет части {nummer}/ });
  await mistake.click();
  const chosen = await typed(page).evaluate((it: HTMLTextAreaElement) =>
    it.value.slice(it.selectionStart, it.selectionEnd),
  );
  expect(chosen).toContain('{nummer}');
  await page.getByRole('button', { name: 'Ввести в действие' }).click();

  await page.getByText('Сначала исправьте ошибки').waitFor();
  expect(await saved(page)).toBe(whole);
  expect(complaints(page)).toEqual([]);
});

test('a call is tried on a text before it is in force, and goes by it afterwards', async () => {
  const page = await editor();
  const whole = await typed(page).inputValue();
  await typed(page).fill(`${whole}
[[rule]]
name = "tried"
match = { number = "7777" }
steps = [{ echo = {} }]
`);

  await page.getByLabel('Кто звонит').fill('1001');
  await page.getByLabel('Куда звонит').fill('7777');
  await page.keyboard.press('Enter');
  await page
    .getByRole('list', { name: 'Ход выбора' })
    .getByText(/tried: подходит: 7777/)
    .waitFor();
  expect(await saved(page)).toBe(whole);
  await page.getByRole('button', { name: 'Ввести в действие' }).click();
  await page.getByRole('button', { name: 'ДА' }).click();

  await page.getByText('Действует: demo.toml').waitFor();
  expect(await saved(page)).toContain('name = "tried"');
});

test('two who edit one file: the later one sees both texts and loses none', async () => {
  const [mine, theirs] = [await editor(), await editor()];
  const whole = await typed(mine).inputValue();
  await typed(mine).fill(`# mine\n${whole}`);

  await typed(theirs).fill(`# theirs\n${whole}`);
  await theirs.getByRole('button', { name: 'Ввести в действие' }).click();
  await theirs.getByRole('button', { name: 'ДА' }).click();
  await theirs.getByText('Действует: demo.toml').waitFor();

  await mine.getByText('изменил admin').waitFor();
  await mine.getByRole('region', { name: 'Чужой текст' }).getByText('# theirs').waitFor();
  expect(await typed(mine).inputValue()).toBe(`# mine\n${whole}`);
  await mine.bringToFront();
  await mine.getByRole('button', { name: 'Оставить мой текст' }).click();
  await mine.getByRole('button', { name: 'Ввести в действие' }).click();
  await mine.getByRole('button', { name: 'ДА' }).click();
  await mine.getByText('Действует: demo.toml').waitFor();

  await expect.poll(() => typed(theirs).inputValue(), POLL).toBe(`# mine\n${whole}`);
});

test('who leaves with changes is asked, and may stay', async () => {
  const page = await editor();
  await typed(page).press('Control+Home');
  await page.keyboard.type('# half typed\n');

  await page.getByRole('link', { name: 'Линии' }).click();
  await page.getByText('Уйти и потерять несохранённые правки диалпланов?').waitFor();
  await page.getByRole('button', { name: 'НЕТ' }).click();
  expect(await typed(page).inputValue()).toMatch(/^# half typed\n/);
  await page.getByRole('link', { name: 'Линии' }).click();
  await page.getByRole('button', { name: 'ДА' }).click();

  await page.waitForURL(/\/admin\/lines$/);
  expect(await saved(page)).not.toContain('half typed');
});

/** The administrator's window, with the demo's plan open and checked. */
async function editor(): Promise<Page> {
  const page = await office.windowOf('admin', '/admin/dialplans');
  await page.getByText('Ошибок нет').waitFor();
  return page;
}

const typed = (page: Page) => page.getByRole('textbox', { name: 'Текст demo.toml' });

/** What the server has. */
const saved = (page: Page): Promise<string> =>
  page.evaluate(async () => {
    const answer = await fetch('/api/v1/admin/dialplans/demo.toml');
    return (await answer.json()).text;
  });

const POLL = { timeout: 30_000 };
