// What the scripts that measure the panel in Chromium share.

import { createServer } from 'node:net';
import { chromium } from 'playwright-core';

/** Debian's Chromium, or the one at `CHROMIUM`. */
export const launch = () =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-background-networking', '--disable-component-update'],
  });

/**
 * A list of figures as `median (smallest–largest)`, and its median.
 *
 * @param {readonly number[]} figures
 * @param {number} digits
 */
export function summary(figures, digits) {
  const sorted = [...figures].sort((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const [least, most] = [sorted[0] ?? Number.NaN, sorted.at(-1) ?? Number.NaN];
  const text = `${median.toFixed(digits)} (${least.toFixed(digits)}–${most.toFixed(digits)})`;
  return { median, text };
}

/**
 * CPU time of the browser's processes since they began, in seconds: of those that render pages, and of
 * all. It is the system's own count, whatever else runs on the machine.
 *
 * @param {import('playwright-core').CDPSession} session of the whole browser
 */
export async function cpuSeconds(session) {
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  const sum = (/** @type {typeof processInfo} */ some) =>
    some.reduce((seconds, it) => seconds + it.cpuTime, 0);
  return {
    renderer: sum(processInfo.filter((it) => it.type === 'renderer')),
    whole: sum(processInfo),
  };
}

/** @returns {Promise<number>} a TCP port of 127.0.0.1 that nothing listens on */
export function freePort() {
  const probe = createServer();
  return new Promise((resolve) => {
    probe.listen(0, '127.0.0.1', () => {
      const { port } = /** @type {import('node:net').AddressInfo} */ (probe.address());
      probe.close(() => resolve(port));
    });
  });
}
