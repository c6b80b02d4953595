// When a page first tells of a lost connection, by the page's own clock.

import type { Page } from 'playwright-core';

interface Watched {
  lostAt?: number;
}

/** Lets a page note when it next tells of a loss. */
export const watchForLoss = (page: Page): Promise<void> =>
  page.evaluate(() => {
    const watched = globalThis as unknown as Watched;
    delete watched.lostAt;
    const observer = new MutationObserver(() => {
      const alerts = [...document.querySelectorAll('[role="alert"]')];
      const words = /Переподключение|Нет связи|Reconnecting|No connection/;
      if (!alerts.some((it) => words.test(it.textContent ?? ''))) return;
      watched.lostAt = Date.now();
      observer.disconnect();
    });
    observer.observe(document.body, { subtree: true, childList: true, characterData: true });
  });

/** When that was, in Unix milliseconds: page and test read one clock. */
export async function lossTold(page: Page): Promise<number> {
  const told = await page.waitForFunction(() => (globalThis as unknown as Watched).lostAt);
  return Number(await told.jsonValue());
}
