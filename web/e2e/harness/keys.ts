// What a person without a mouse does.

import type { Locator, Page } from 'playwright-core';
import { waitFor } from './wait';

const FOCUS_LIMIT_MS = 60_000;
/** Stops. */
const FOUND_FOR = 10;

/** Presses Tab until something has the focus; a hundred stops are too many for a person. */
export async function tabTo(
  page: Page,
  target: Locator,
  key: 'Tab' | 'Shift+Tab' = 'Tab',
): Promise<void> {
  // Found again only now and then, in case it was drawn anew: to find it is most of what asking costs.
  let element = await target.elementHandle();
  for (let n = 0; n < 100; n++) {
    if (await element?.evaluate((it) => it === document.activeElement)) return;
    await page.keyboard.press(key);
    if (n % FOUND_FOR === FOUND_FOR - 1) element = await target.elementHandle();
  }
  throw new Error(`a hundred times ${key} do not lead to ${target}`);
}

/** Goes to a field by Tab and writes over what is in it. */
export async function write(page: Page, field: Locator, text: string): Promise<void> {
  await tabTo(page, field);
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.type(text);
}

/** Goes to a button by Tab and presses it. */
export async function pressBy(page: Page, button: Locator): Promise<void> {
  await tabTo(page, button);
  await page.keyboard.press('Enter');
}

/** Waits until something has the focus. */
export async function focused(target: Locator): Promise<void> {
  await waitFor(`the focus on ${target}`, FOCUS_LIMIT_MS, async () => {
    await target.waitFor();
    return (await target.evaluate((it) => it === document.activeElement)) || undefined;
  });
}
