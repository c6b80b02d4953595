// S10, «Мой профиль», by the keyboard alone: read to its end, a new password, theme, density, language,
// and the end of a session elsewhere, with the focus where one goes on. No test here uses a mouse, nor
// puts the focus anywhere.

import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { button } from './harness/admin';
import { complaints, DEMO_PASSWORD, open, signIn } from './harness/browser';
import { errorBeside, labelled } from './harness/form';
import { focused, pressBy, tabTo, write } from './harness/keys';
import { Office } from './harness/people';

let office: Office;
beforeAll(async () => {
  office = await Office.open();
});
afterAll(() => office?.close());

test('S10-01…06 by the keyboard: who one is and one’s lines are read without the mouse', async () => {
  const page = await profileOf('operator1');
  const general = page.getByRole('region', { name: 'Общее' });
  const lines = page.getByRole('region', { name: 'Мои телефонные линии' });
  const last = page.getByRole('region', { name: 'Диагностика' });

  // To the content at once, past the menu.
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.locator('#work:focus').waitFor();

  expect(await isInSight(general.getByRole('heading'))).toBe(true);
  await scrollTo(page, lines.getByRole('cell', { name: '1001' }).first());
  await scrollTo(page, last.locator('dd').last());
  expect(complaints(page)).toEqual([]);
});

test('S10-08 by the keyboard: a password is given up, refused, changed', async () => {
  const page = await profileOf('operator3');
  const change = button(page, 'ИЗМЕНИТЬ ПАРОЛЬ');
  const [old, fresh, again] = ['Нынешний пароль', 'Новый пароль', 'Новый пароль ещё раз'];
  const field = (label = '') => labelled(page, label);

  await pressBy(page, change);
  await focused(field(old));
  await page.keyboard.press('Escape');
  await field(old).waitFor({ state: 'detached' });
  await focused(change);
  await page.keyboard.press('Enter');
  await focused(field(old));
  await page.keyboard.type(DEMO_PASSWORD);
  await write(page, field(fresh), 'short');
  await write(page, field(again), 'short');
  await page.keyboard.press('Enter');
  await errorBeside(page, fresh ?? '', 'Не короче 8 знаков');
  await focused(field(fresh));
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.type('a long new password');
  await write(page, field(again), 'a long new password');
  await pressBy(page, button(page, 'СОХРАНИТЬ ПАРОЛЬ'));

  await page.getByText('Пароль изменён. Остальные сеансы завершены.').waitFor();
  await focused(change);
  expect(complaints(page)).toEqual([]);
});

test('S10-09 by the keyboard: theme, density and language are chosen by arrows', async () => {
  const page = await profileOf('operator2');

  await choose(page, 'Тема', 'Тёмная');
  await page.locator('html[data-theme="dark"]').waitFor();
  await choose(page, 'Плотность', 'Компактно');
  await page.locator('html[data-density="compact"]').waitFor();
  const english = await choose(page, 'Язык', 'English');
  await page.getByRole('heading', { level: 1, name: 'My profile' }).waitFor();

  await focused(english);
  await page.reload();
  await page.getByRole('heading', { level: 1, name: 'My profile' }).waitFor();
  await page.locator('html[data-theme="dark"][data-density="compact"]').waitFor();
  expect(complaints(page)).toEqual([]);
});

test('S10-09 by the keyboard: a session elsewhere is kept, then ended', async () => {
  const elsewhere = await profileOf('operator4');
  const page = await profileOf('operator4');
  const sessions = page.getByRole('region', { name: 'Сеансы' });
  const end = button(page, 'Завершить');
  const question = page.getByRole('alertdialog');

  await pressBy(page, end);
  await question.waitFor();
  await page.keyboard.press('Escape');
  await question.waitFor({ state: 'detached' });
  await focused(end);
  await page.keyboard.press('Enter');
  await question.waitFor();
  await page.keyboard.press('Enter');

  await end.waitFor({ state: 'detached' });
  await focused(sessions);
  await elsewhere.getByRole('dialog', { name: 'Сеанс завершён' }).waitFor();
  expect(complaints(page)).toEqual([]);
});

/** The profile of somebody who has just signed in, with a session of this window's own. */
async function profileOf(login: string): Promise<Page> {
  const page = await open(office.browser, office.server.url);
  await signIn(page, login, '/workspace/settings');
  await page.getByRole('region', { name: 'Сеансы' }).getByRole('row').nth(1).waitFor();
  return page;
}

/** Goes to a group by Tab and to one of its choices by arrows, and takes that. */
async function choose(page: Page, group: string, name: string): Promise<Locator> {
  const choices = page.getByRole('radiogroup', { name: group }).getByRole('radio');
  const wanted = page.getByRole('radio', { name, exact: true });
  await tabTo(page, choices.first());
  for (let n = await choices.count(); n > 0; n--) {
    if (await hasFocus(wanted)) break;
    await page.keyboard.press('ArrowRight');
  }
  await focused(wanted);
  await page.keyboard.press('Space');
  await page.getByRole('radio', { name, exact: true, checked: true }).waitFor();
  return wanted;
}

/** Scrolls by the keyboard until something is in sight. */
async function scrollTo(page: Page, target: Locator): Promise<void> {
  await expect
    .poll(
      async () => {
        if (await isInSight(target)) return true;
        await page.keyboard.press('PageDown');
        return isInSight(target);
      },
      { timeout: 30_000 },
    )
    .toBe(true);
}

const hasFocus = (it: Locator): Promise<boolean> =>
  it.evaluate((node) => node === document.activeElement);

/** Whether all of something is inside the window and not hidden by what scrolls it. */
const isInSight = (it: Locator): Promise<boolean> =>
  it.evaluate(
    (node) =>
      new Promise<boolean>((resolve) => {
        const observer = new IntersectionObserver(([entry]) => {
          observer.disconnect();
          resolve((entry?.intersectionRatio ?? 0) >= 0.99);
        });
        observer.observe(node);
      }),
  );
