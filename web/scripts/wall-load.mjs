// What 250 phones at a hundred changes a second cost the browser: `npm run build`, then
// `node scripts/wall-load.mjs`. The bar is 30 % of a core for the process that renders the page, by
// the CPU time that the system counts for it.

import { existsSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { cpuSeconds, launch, summary } from './measuring.mjs';

const PHONES = 250;
const CHANGES_PER_SECOND = 100;
/** The server sends the changes of a wall in batches. */
const BATCH_MS = 250;
const SECONDS = 10;
const ROUNDS = 3;
const LIMIT_PERCENT = 30;
const STATUSES = ['idle', 'ringing', 'talking', 'held', 'unregistered'];
/** @type {Record<string, string>} */
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' };

const dist = new URL('../dist/', import.meta.url).pathname;
const at = new Date().toISOString();
const phones = Array.from({ length: PHONES }, (_, n) => ({
  id: `e${n}`,
  number: String(1001 + n),
  name: `Имя ${n}`,
  status: 'idle',
  since: at,
  user_id: null,
}));

const server = createServer((request, response) => {
  const path = join(dist, new URL(request.url ?? '/', 'http://x').pathname);
  const file = existsSync(path) && statSync(path).isFile() ? path : join(dist, 'index.html');
  response.setHeader('Content-Type', TYPES[extname(file)] ?? 'application/octet-stream');
  response.end(readFileSync(file));
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());

const browser = await launch();
const page = await browser.newPage({ viewport: { width: 1920, height: 1080 } });
/** @type {import('playwright-core').WebSocketRoute | undefined} */
let socket;
let seq = 1;
await page.route('**/api/v1/me', (route) => route.fulfill({ json: { csrf: 'c', rights: [] } }));
await page.route('**/api/v1/extensions', (route) =>
  route.fulfill({ json: { seq: 1, items: phones } }),
);
await page.routeWebSocket('**/api/v1/events', (ws) => {
  socket = ws;
  ws.onMessage((text) => {
    const message = JSON.parse(String(text));
    if (message.hello)
      ws.send(JSON.stringify({ welcome: { resumed: false, seq: 1, server: '0' } }));
    if (message.sub) ws.send(JSON.stringify({ subbed: message.sub }));
    if (message.ping) ws.send(JSON.stringify({ pong: message.ping }));
  });
});
await page.goto(`http://127.0.0.1:${port}/wall`);
await page
  .locator('[data-id]')
  .nth(PHONES - 1)
  .waitFor();

const system = await browser.newBrowserCDPSession();
/** @type {number[]} */
const renderer = [];
/** @type {number[]} */
const whole = [];
for (let round = 0; round < ROUNDS; round += 1) {
  const [before, start] = [await cpuSeconds(system), performance.now()];
  await change();
  const [after, seconds] = [await cpuSeconds(system), (performance.now() - start) / 1000];
  renderer.push((100 * (after.renderer - before.renderer)) / seconds);
  whole.push((100 * (after.whole - before.whole)) / seconds);
}
await browser.close();
server.close();
const { median, text } = summary(renderer, 1);
console.log(
  `${PHONES} phones, ${CHANGES_PER_SECOND} changes/s: the renderer takes ${text} % of a core, of ` +
    `${LIMIT_PERCENT} %; all of Chromium ${summary(whole, 1).text} %`,
);
process.exit(median < LIMIT_PERCENT ? 0 : 1);

/** A round of changes. */
async function change() {
  for (let batch = 0; batch < (SECONDS * 1000) / BATCH_MS; batch += 1) {
    const frames = Array.from({ length: (CHANGES_PER_SECOND * BATCH_MS) / 1000 }, () => {
      seq += 1;
      const { id, number } = phones[seq % PHONES] ?? { id: '', number: '' };
      const status = STATUSES[seq % STATUSES.length];
      return {
        s: seq,
        t: 'line.status',
        k: `line:${id}`,
        at,
        d: { id, number, status, since: at },
      };
    });
    socket?.send(JSON.stringify({ b: frames }));
    await new Promise((resolve) => setTimeout(resolve, BATCH_MS));
  }
}
