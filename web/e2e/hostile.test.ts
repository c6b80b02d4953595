// Names and header values that want to be more than text. They stay text on every screen: nothing of
// them runs, nothing goes beyond its place, and the browser has nothing to say about the policy.

import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Baresip } from './harness/baresip';
import { complaints } from './harness/browser';
import { ask, Office } from './harness/people';
import { Phone } from './harness/phone';
import { StrangersCall } from './harness/stranger';

/** Sets `pwned` wherever it is taken for more than text. */
const RUNS = 'globalThis.pwned=1';
const IMAGE = `<img src=x onerror="${RUNS}">`;
const SCRIPT = `</script><script>${RUNS}</script>`;
const NAMES = [
  IMAGE,
  SCRIPT,
  '\u202Eabc\u2066 שלום עולם \u200F(100)',
  `${'Ж'.repeat(60)}${'W'.repeat(40)}`,
  '👩‍👩‍👧‍👦🏴‍☠️ Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢',
  `"'\`&lt;b&gt;&amp;quot; --> ]]> \\`,
  `javascript:${RUNS}`,
  `{{constructor.constructor('${RUNS}')()}} \${7*7} %s`,
] as const;
const AGENT = `Phone${SCRIPT}${'A'.repeat(300)}`;
/** So much of it the server keeps of a registered phone. */
const AGENT_KEPT = 200;
const STRANGER = `Чужой ${IMAGE} \u202Eabc`;
/** What a stranger says their number is. */
const NUMBER = `<img/src=x onerror=${RUNS}>`;

const WORDS = {
  ru: {
    edit: 'Изменить',
    close: 'Закрыть',
    remove: 'Удалить',
    name: /^Имя/,
    role: NAMES[0],
    phone: 'Телефон',
    current: 'Текущие разговоры и карточки',
    call: /^Разговор/,
    hangUp: 'Завершить',
    yes: 'ДА',
    card: 'КАРТОЧКА',
    open: 'ОТКРЫТЬ',
    history: 'История',
    ladder: 'Сообщения SIP',
    more: 'Ещё',
    csv: 'Выгрузить CSV',
  },
  en: {
    edit: 'Edit',
    close: 'Close',
    remove: 'Remove',
    name: /^Name/,
    role: NAMES[1],
    phone: 'Phone',
    current: 'Current calls and cards',
    call: /^Call/,
    hangUp: 'Hang up',
    yes: 'YES',
    card: 'Card',
    open: 'Open',
    history: 'History',
    ladder: 'SIP messages',
    more: 'More',
    csv: 'Export CSV',
  },
} as const;
type Words = (typeof WORDS)[keyof typeof WORDS];

interface Item {
  readonly id: string;
  readonly version: number;
  readonly number: string;
  readonly login: string;
  readonly role_ids: readonly string[];
  readonly user_id: string | null;
}

let office: Office;
let callee: Baresip;
beforeAll(async () => {
  office = await Office.open();
  callee = await Baresip.register(office.server, '1001', true);
  const admin = await office.windowOf('admin', '/favicon.svg');
  const [lines, users] = [
    await ask<{ items: Item[] }>(admin, 'GET', '/admin/lines'),
    await ask<{ items: Item[] }>(admin, 'GET', '/admin/users'),
  ];
  for (const [n, name] of NAMES.entries()) {
    const line = lines.items.find((it) => it.number === `100${n + 1}`);
    const user = users.items.find((it) => it.login === `operator${n + 1}`);
    if (!line || !user) throw new Error('the demo has changed');
    const versionOf = (it: Item) => ({ 'If-Match': String(it.version) });
    const renamed = { name, user_id: line.user_id };
    await ask(admin, 'PUT', `/admin/lines/${line.id}`, renamed, versionOf(line));
    const body = { name, position: name, role_ids: user.role_ids };
    await ask(admin, 'PUT', `/admin/users/${user.id}`, body, versionOf(user));
  }
  await ask(admin, 'POST', '/admin/roles', {
    code: 'hostile',
    title: { ru: NAMES[0], en: NAMES[1] },
    rights: [],
  });
  await admin.close();
});
afterAll(async () => {
  await callee?.stop();
  await office?.close();
});

// Wide: no button is in a menu.
const WIDE = { width: 1920, height: 1080 };

describe.each(['ru', 'en'] as const)('%s', (locale) => {
  const words = WORDS[locale];
  let admin: Page;
  beforeAll(async () => {
    admin = await office.windowOf('admin', '/favicon.svg', { locale, ...WIDE });
  });

  test('names of people, lines and roles are text on every list, card, form and panel', async () => {
    const own = await office.windowOf('operator1', '/', { locale });
    await own.getByRole('row').first().waitFor();
    await expectText(own, [NAMES[0]]);
    await own.goto('/workspace/extensions');
    await own.locator('[data-row]').first().waitFor();
    await expectText(own, NAMES);
    await own.keyboard.press('Control+k');
    await own.keyboard.type('100');
    await own.getByRole('option', { name: '1003' }).waitFor();
    await expectText(own, NAMES);
    await own.goto('/workspace/phone_panel');
    for (const [n, name] of NAMES.entries()) {
      const cell = own.getByRole('button', { name: new RegExp(`^100${n + 1},`) });
      await cell.click();
      await own.getByRole('dialog').locator('p').nth(1).waitFor();
      expect(await own.getByRole('dialog').locator('p').nth(1).textContent()).toBe(name);
      await own.keyboard.press('Escape');
      await own.getByRole('dialog').waitFor({ state: 'detached' });
    }
    await expectText(own, NAMES);
    await own.goto('/workspace/settings');
    await own.getByRole('heading', { level: 1 }).waitFor();
    await expectText(own, [NAMES[0]]);
    await own.close();

    const { token } = await ask<{ token: string }>(admin, 'POST', '/wall-tokens', {
      title: IMAGE,
      days: 1,
    });
    const wall = await office.windowOf('', `/wall#token=${token}`, { locale, ...WIDE });
    await wall.getByRole('listitem').first().waitFor();
    await expectText(wall, NAMES);
    await wall.close();
  });

  test('they are text in forms, questions, JSON and the audit', async () => {
    await admin.goto('/admin/users');
    await admin.locator('[data-row]').first().waitFor();
    await expectText(admin, NAMES);
    await row(admin, 'operator1').click();
    await press(admin, words.edit);
    const form = admin.getByRole('complementary');
    await form.getByRole('heading', { name: NAMES[0], exact: true }).waitFor();
    expect(await form.getByLabel(words.name).inputValue()).toBe(NAMES[0]);
    await form.getByRole('checkbox', { name: words.role, exact: true }).waitFor();
    await expectText(admin, NAMES);
    await press(admin, words.close);
    await press(admin, words.remove);
    await admin.getByRole('alertdialog').getByText(NAMES[0]).waitFor();
    await expectText(admin, NAMES);
    await admin.keyboard.press('Escape');
    await press(admin, 'JSON');
    const json = JSON.parse((await admin.locator('pre').textContent()) ?? '');
    expect(json.name).toBe(NAMES[0]);
    await expectText(admin, NAMES);
    for (const section of ['lines', 'roles', 'audit?period=year']) {
      await admin.goto(`/admin/${section}`);
      await admin.locator('[data-row]').first().waitFor();
      await expectText(
        admin,
        section === 'lines' ? NAMES : section === 'roles' ? [words.role] : [NAMES[0]],
      );
    }
  });

  test('a call of a stranger with hostile headers is text while it lasts, in the archive, in print and in files', async () => {
    const call = new StrangersCall(office.server, {
      number: encodeURIComponent(NUMBER),
      display: STRANGER.replaceAll('"', '\\"'),
      dials: '+74950000001',
      headers: [`User-Agent: ${AGENT}`, `Subject: ${NAMES[1]}`, `X-Link: ${NAMES[6]}`],
    });
    try {
      await callee.next('CALL_ESTABLISHED');
      const own = await office.windowOf('operator1', '/workspace/my_calls', { locale });
      await own.getByRole('region', { name: words.phone }).getByText(STRANGER).waitFor();
      await expectText(own, [STRANGER]);
      await own.getByRole('navigation', { name: words.current }).getByRole('link').first().click();
      await own.getByRole('heading', { level: 1, name: words.call }).waitFor();
      await expectText(own, [STRANGER, NAMES[0]]);

      await admin.goto('/admin/calls');
      await admin.locator('[data-row]').first().click();
      await expectText(admin, [STRANGER, NAMES[0]]);
      await press(admin, words.hangUp);
      await press(admin, words.yes);
      await call.ended();
      await callee.next('CALL_CLOSED');
      await expectArchive(own, words);
      await own.close();
      await expectLadder(admin, words);
    } finally {
      call.stop();
    }
  });

  test('a phone with a hostile name is text among the registrations', async () => {
    const said = `Phone ${locale} ${SCRIPT}${IMAGE}${NAMES[5]}${'A'.repeat(300)}`;
    const userAgent = [...said].slice(0, AGENT_KEPT).join('');
    const phone = await Phone.register(office.server, { number: '1002', userAgent: said });
    try {
      await admin.goto('/admin/registrations');
      await admin.locator('[data-row]').getByText(userAgent).waitFor();
      await expectText(admin, [userAgent]);
      await row(admin, userAgent).click();
      await press(admin, 'JSON');
      expect(JSON.parse((await admin.locator('pre').textContent()) ?? '').user_agent).toBe(
        userAgent,
      );
      await expectHarmless(admin);
    } finally {
      phone.close();
    }
  });
});

async function expectArchive(own: Page, words: Words): Promise<void> {
  await own.goto('/workspace/my_calls');
  await own.locator('[data-row]').first().click();
  await expectText(own, [STRANGER, NUMBER, NAMES[0]]);
  await press(own, words.card);
  await own.getByRole('region', { name: words.call }).waitFor();
  await own.getByRole('heading', { name: words.history }).waitFor();
  await expectText(own, [STRANGER, NUMBER, NAMES[0]]);
  await own.emulateMedia({ media: 'print' });
  expect(await own.getByRole('region', { name: words.call }).textContent()).toContain(NUMBER);
  await expectHarmless(own);
  await own.emulateMedia({ media: 'screen' });
  await own.goto('/workspace/interactions');
  await own.locator('[data-row]').first().click();
  await press(own, words.open);
  await own.getByRole('tab').first().waitFor();
  await expectText(own, [STRANGER, NUMBER, NAMES[0]]);
}

async function expectLadder(admin: Page, words: Words): Promise<void> {
  await admin.goto('/admin/cdrs');
  await admin.locator('[data-row]').first().click();
  await expectText(admin, [NUMBER]);
  await press(admin, 'JSON');
  expect(await admin.locator('pre').textContent()).toContain(NUMBER);
  await admin.keyboard.press('Escape');
  await admin.locator('[data-row]').first().focus();
  await admin.keyboard.press('Enter');
  const ladder = admin.getByRole('region', { name: words.ladder });
  await ladder
    .getByRole('button', { name: /INVITE/ })
    .first()
    .click();
  await ladder.locator('pre').getByText(`User-Agent: ${AGENT}`).waitFor();
  // What turns the direction of writing is written out, so that a message reads as it is.
  const raw = STRANGER.replaceAll('"', '\\"').replace('\u202E', '\\u{202e}');
  await expectText(admin, [raw, NAMES[1], NAMES[6]]);
  await press(admin, words.close);

  const download = admin.waitForEvent('download');
  await press(admin, words.more);
  await admin.getByRole('menuitem', { name: words.csv }).click();
  const csv = readFileSync(await (await download).path(), 'utf8');
  expect(csv).toContain(NUMBER);
  expect(csv).toContain(STRANGER.replaceAll('"', '""'));
  await expectHarmless(admin);
}

/** The page has all of that as text, and it is nothing else. */
async function expectText(page: Page, texts: readonly string[]): Promise<void> {
  for (const text of texts) {
    await page.waitForFunction((it) => document.body.textContent?.includes(it), text);
  }
  await expectHarmless(page);
}

/** Nothing ran, nothing came in, the page does not scroll, rows keep their height, nobody complains. */
async function expectHarmless(page: Page): Promise<void> {
  const found = await page.evaluate(() => {
    const { scrollWidth, scrollHeight, clientWidth, clientHeight } = document.documentElement;
    const heights = [...document.querySelectorAll<HTMLElement>('[data-row]')].map(
      (it) => it.offsetHeight,
    );
    return {
      ran: 'pwned' in globalThis,
      images: document.querySelectorAll('img[src="x"]').length,
      scripts: [...document.scripts].filter((it) => it.textContent?.includes('pwned')).length,
      links: document.querySelectorAll('[href^="javascript:" i], [src^="javascript:" i]').length,
      overflow: [scrollWidth > clientWidth, scrollHeight > clientHeight],
      heights: new Set(heights).size,
    };
  });
  expect({ ...found, heights: found.heights <= 1 }, page.url()).toEqual({
    ran: false,
    images: 0,
    scripts: 0,
    links: 0,
    overflow: [false, false],
    heights: true,
  });
  expect(complaints(page)).toEqual([]);
}

const row = (page: Page, text: string) =>
  page.locator('[data-row]').filter({ has: page.getByText(text, { exact: true }) });

const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click();
