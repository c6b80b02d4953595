// Ports on loopback that nobody has.

import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

/** A port that nothing listens on now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}

/** Below the kernel's ephemeral ports, so that no connection takes one of a block meanwhile. */
const [FIRST, LAST] = [20_000, 32_000];
const TRIES = 200;

/** The first of `count` free ports in a row, an even one; where is up to chance. */
export async function freeBlock(count: number): Promise<number> {
  for (let n = 0; n < TRIES; n++) {
    const first = (FIRST + Math.floor(Math.random() * (LAST - FIRST - count))) & ~1;
    const ports = Array.from({ length: count }, (_, index) => first + index);
    const areFree = await Promise.all(ports.flatMap((it) => [isUdpFree(it), isTcpFree(it)]));
    if (areFree.every(Boolean)) return first;
  }
  throw new Error(`no ${count} free ports in a row between ${FIRST} and ${LAST}`);
}

function isUdpFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.once('error', () => resolve(false));
    socket.bind(port, '127.0.0.1', () => socket.close(() => resolve(true)));
  });
}

function isTcpFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}
