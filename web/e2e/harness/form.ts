// Fields of forms, and what stands beside them.

import type { Locator, Page } from 'playwright-core';
import { waitFor } from './wait';

/** The field of exactly that label, its star aside. */
export const labelled = (within: Page | Locator, label: string): Locator =>
  within.getByLabel(new RegExp(`^${label}( \\*)?$`));

/** Waits until the field of that label is marked as wrong, and what describes it says `words`. */
export async function errorBeside(
  within: Page | Locator,
  label: string,
  words: string | RegExp,
): Promise<void> {
  const field = labelled(within, label);
  let told = '';
  await waitFor(`${words} beside ${label}`, 60_000, async () => {
    if ((await field.getAttribute('aria-invalid')) !== 'true') return undefined;
    told = await field.evaluate((it) => {
      const ids = it.getAttribute('aria-describedby')?.split(' ') ?? [];
      return ids.map((id) => document.getElementById(id)?.textContent ?? '').join(' ');
    });
    return (typeof words === 'string' ? told.includes(words) : words.test(told)) || undefined;
  }).catch((error: Error) => {
    throw new Error(`${error.message}: ${told || 'nothing is said'}`);
  });
}
