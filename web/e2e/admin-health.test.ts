import { afterAll, beforeAll, expect, test } from 'vitest';
import { complaints } from './harness/browser';
import { Office } from './harness/people';

let office: Office;
beforeAll(async () => {
  office = await Office.open();
});
afterAll(() => office?.close());

test('figures renew themselves in place, and the last ones stay when the server is gone', async () => {
  const page = await office.windowOf('admin', '/admin/health');
  await page.getByText('Всё в порядке').waitFor();
  const uptime = page.locator('dt', { hasText: /^Работает$/ }).locator('xpath=..');
  const before = await uptime.textContent();
  await page.evaluate(() => document.querySelector('dl')?.setAttribute('data-seen', ''));

  await expect.poll(() => uptime.textContent(), POLL).not.toBe(before);
  expect(await page.locator('dl[data-seen]').count()).toBe(1);
  await office.server.kill();
  await page.getByText('Сервер не отвечает').waitFor();
  expect(await uptime.isVisible()).toBe(true);
  await office.server.run();

  await page.getByText(/^Обновлено/).waitFor();
  expect(complaints(page)).toEqual([]);
});

const POLL = { timeout: 30_000 };
