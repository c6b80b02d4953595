import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { complaints, launch, open, signIn } from './harness/browser';
import { Server } from './harness/server';

let server: Server;
let browser: Browser;
beforeAll(async () => {
  [server, browser] = await Promise.all([Server.start(), launch()]);
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

test('figures renew themselves in place, and the last ones stay when the server is gone', async () => {
  const page = await open(browser, server.url);
  await signIn(page, 'admin', '/admin/health');
  await page.getByText('Всё в порядке').waitFor();
  const uptime = page.locator('dt', { hasText: /^Работает$/ }).locator('xpath=..');
  const before = await uptime.textContent();
  await page.evaluate(() => document.querySelector('dl')?.setAttribute('data-seen', ''));

  await expect.poll(() => uptime.textContent(), POLL).not.toBe(before);
  expect(await page.locator('dl[data-seen]').count()).toBe(1);
  await server.kill();
  await page.getByText('Сервер не отвечает').waitFor();
  expect(await uptime.isVisible()).toBe(true);
  await server.run();

  await page.getByText(/^Обновлено/).waitFor();
  expect(complaints(page)).toEqual([]);
});

const POLL = { timeout: 30_000 };
