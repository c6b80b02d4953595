// How long until the panel can be used, with nothing cached: `npm run build`, `cargo build`, then
// `node scripts/interactive.mjs`. It starts Tandem with the demo domain by itself. The bar is 1.5 s.
//
// The form to sign in is usable once its first field has the focus; the workspace, once it is
// connected and the top bar tells the user's line.

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cpuSeconds, freePort, launch, summary } from './measuring.mjs';

const ROUNDS = 7;
const LIMIT_MS = 1500;
const READY_LIMIT_MS = 60_000;

const repository = new URL('../../', import.meta.url).pathname;
const target = process.env.CARGO_TARGET_DIR ?? join(repository, 'target');
const binary = [
  process.env.TANDEM_BIN,
  join(target, 'release/tandem'),
  join(target, 'debug/tandem'),
]
  .filter((it) => it !== undefined)
  .find(existsSync);
if (!binary) throw new Error('tandem is not there: run cargo build');

const folder = mkdtempSync(join(tmpdir(), 'tandem-interactive-'));
const [http, sip, rtp] = [await freePort(), await freePort(), await freePort()];
const data = ['--data', folder];
const seeded = spawnSync(binary, ['demo', ...data], { cwd: repository });
if (seeded.status !== 0) throw new Error(`tandem demo: ${seeded.stderr}`);
const ports = [
  ...['--http-port', String(http), '--sip-port', String(sip)],
  ...['--rtp-ports', `${rtp & ~1}-${(rtp & ~1) + 1}`],
];
const server = spawn(binary, ['serve', ...data, ...ports], { cwd: repository, stdio: 'ignore' });
const browser = await launch();
const system = await browser.newBrowserCDPSession();
let isGood = false;
try {
  const url = `http://127.0.0.1:${http}`;
  await ready(url);
  const context = await browser.newContext();
  const signedIn = await context.request.post(`${url}/api/v1/auth/login`, {
    data: { domain: 'demo.tandem.test', login: 'operator1', password: 'demo' },
  });
  if (!signedIn.ok()) throw new Error(`signing in: ${signedIn.status()}`);
  const cookies = await context.cookies();

  const login = await measured('the form to sign in', `${url}/login`, [], () =>
    document.activeElement?.matches(
      'input[autocomplete="organization"], input[autocomplete="username"]',
    ),
  );
  const shell = await measured('the workspace', `${url}/workspace`, cookies, () => {
    const words = [...document.querySelectorAll('header span')].map((it) => it.textContent ?? '');
    return words.includes('Подключено') && words.some((it) => /^\d{4}$/.test(it));
  });
  isGood = login <= LIMIT_MS && shell <= LIMIT_MS;
} finally {
  await browser.close();
  server.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
}
process.exit(isGood ? 0 : 1);

/**
 * Prints how long a page takes from the start of the navigation until it is usable and drawn.
 *
 * @param {string} what
 * @param {string} page
 * @param {Awaited<ReturnType<import('playwright-core').BrowserContext['cookies']>>} cookies
 * @param {() => boolean | undefined} isUsable asked in the page at every frame
 * @returns {Promise<number>} the median, in ms
 */
async function measured(what, page, cookies, isUsable) {
  const times = [];
  const costs = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const context = await browser.newContext({ locale: 'ru-RU' });
    await context.addCookies(cookies);
    const window = await context.newPage();
    await window.addInitScript(`{
      const isUsable = ${isUsable};
      globalThis.usable = new Promise((resolve) => {
        const look = () => {
          if (isUsable()) requestAnimationFrame(() => resolve(performance.now()));
          else requestAnimationFrame(look);
        };
        look();
      });
    }`);
    const before = await cpuSeconds(system);
    await window.goto(page);
    times.push(Number(await window.evaluate('globalThis.usable')));
    const after = await cpuSeconds(system);
    costs.push(1000 * (after.renderer - before.renderer));
    await context.close();
  }
  const { median, text } = summary(times, 0);
  const cost = summary(costs, 0).text;
  console.log(
    `${what} is usable after ${text} ms, of ${LIMIT_MS} ms; rendering takes ${cost} ms of CPU`,
  );
  return median;
}

/** @param {string} url */
async function ready(url) {
  const limit = Date.now() + READY_LIMIT_MS;
  for (;;) {
    const answer = await fetch(`${url}/readyz`).catch(() => undefined);
    if (answer?.ok) return;
    if (Date.now() > limit) throw new Error('the server is not ready');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
