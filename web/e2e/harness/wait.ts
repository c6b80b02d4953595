const BETWEEN_LOOKS_MS = 50;

/** What `look` finds, once it finds something; fails with `what` after `limit` milliseconds. */
export async function waitFor<T>(
  what: string,
  limit: number,
  look: () => Promise<T | undefined> | T | undefined,
): Promise<T> {
  const deadline = Date.now() + limit;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`waited ${limit} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, BETWEEN_LOOKS_MS));
  }
}
