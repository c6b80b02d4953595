import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

/** A running `tandem serve`, which `npm run dev` passes API calls and events to. */
const server = process.env.TANDEM_URL ?? 'http://127.0.0.1:8080';

/** Files that measure how soon something is told: nothing else runs beside them. */
const TIMED = ['e2e/call.test.ts', 'e2e/lost.test.ts', 'e2e/workspace.test.ts'];

/** Each file has a server and a browser of its own, and waits for one of the two half of its time. */
const E2E_WORKERS = 2;

/**
 * What all files that drive a browser share. A test that fails has a second hearing, since a browser skips a
 * beat when a machine of two cores does; `make test` tells of it by name.
 */
const E2E = {
  retry: 1,
  testTimeout: 300_000,
  hookTimeout: 300_000,
  // One process reads the browser's library once: no file of these changes it.
  isolate: false,
};

export default defineConfig({
  plugins: [react()],
  // Listens on loopback only; cookies and the check of Origin work as behind the real server.
  server: {
    host: '127.0.0.1',
    proxy: { '/api': { target: server, ws: true, changeOrigin: true } },
  },
  build: { target: 'es2022', assetsInlineLimit: 0, reportCompressedSize: false, manifest: true },
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['src/**/*.test.{ts,tsx}'],
          testTimeout: 30_000,
          setupFiles: ['src/testing/setup.ts'],
        },
      },
      {
        extends: true,
        test: {
          ...E2E,
          name: 'e2e',
          include: ['e2e/**/*.test.ts'],
          exclude: TIMED,
          maxWorkers: E2E_WORKERS,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          ...E2E,
          name: 'e2e-timed',
          include: TIMED,
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
        },
      },
      // `make screenshots` only.
      ...(process.env.SCREENSHOTS
        ? [
            {
              extends: true as const,
              test: {
                name: 'screenshots',
                include: ['e2e/screenshots.run.ts'],
                testTimeout: 600_000,
                hookTimeout: 120_000,
              },
            },
          ]
        : []),
    ],
  },
});
