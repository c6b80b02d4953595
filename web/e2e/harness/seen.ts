// When something was first to be seen in a page, by the page's own clock.

import type { Page } from 'playwright-core';

interface Watched {
  seen: Record<string, number>;
}

/**
 * Lets a page note when `selector` matches something for the first time from now on. The note is made
 * by a MutationObserver, in the task that changed the document; so that what it costs the test to ask
 * for it does not count.
 */
export async function lookFor(page: Page, name: string, selector: string): Promise<void> {
  await page.evaluate(
    ({ name, selector }) => {
      const watched = globalThis as unknown as Watched;
      watched.seen ??= {};
      delete watched.seen[name];
      const look = () => {
        if (!document.querySelector(selector)) return;
        watched.seen[name] = Date.now();
        observer.disconnect();
      };
      const observer = new MutationObserver(look);
      observer.observe(document, {
        subtree: true,
        childList: true,
        attributes: true,
        characterData: true,
      });
      look();
    },
    { name, selector },
  );
}

/**
 * Unix milliseconds of what {@link lookFor} noted, once it is there. Page, phone and test are on one
 * machine and read one clock: the difference to the time at which the test read a phone's event from
 * its control connection is how long server, network and panel took, less what the event took from
 * the phone to the test.
 */
export async function firstSeen(page: Page, name: string): Promise<number> {
  const handle = await page.waitForFunction(
    (it) => (globalThis as unknown as Watched).seen?.[it],
    name,
    { timeout: 30_000 },
  );
  return (await handle.jsonValue()) as number;
}
