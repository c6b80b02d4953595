// @vitest-environment happy-dom
import { act, screen, within } from '@testing-library/react';
import { afterEach, expect, test, vi } from 'vitest';
import type { Health } from '../../../api/types';
import { fakeServer, problem } from '../../../testing/fakeServer';
import { renderLive } from '../../../testing/live';
import {
  bytes,
  cpuShares,
  linePoints,
  SAMPLES_MAX,
  type Sample,
  troublesOf,
  withSample,
} from './figures';
import HealthScreen from './HealthScreen';

const server = fakeServer();
afterEach(() => {
  vi.useRealTimers();
});

test('figures change where they stand, and stay when the server does not answer', async () => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  let answer: unknown = HEALTH;
  server.on('GET /api/v1/admin/health', () => answer);
  await renderLive(server, <HealthScreen />);
  const calls = (await screen.findByText('Звонки', { selector: 'dt' })).parentElement;
  expect(within(calls as HTMLElement).getByText('7')).toBeTruthy();
  expect(screen.getByText('Всё в порядке')).toBeTruthy();

  answer = { ...HEALTH, uptime_s: 12, calls: 8, ready: false };
  await act(() => vi.advanceTimersByTimeAsync(2500));
  expect(await within(calls as HTMLElement).findByText('8')).toBeTruthy();
  expect(screen.getByText('Новые звонки не принимаются')).toBeTruthy();

  answer = problem(503, 'busy');
  await act(() => vi.advanceTimersByTimeAsync(2500));
  expect(await screen.findByText(/^Сервер не отвечает/)).toBeTruthy();
  expect(within(calls as HTMLElement).getByText('8').isConnected).toBe(true);
});

test('who calls outside more than it may is named', async () => {
  server.on('GET /api/v1/admin/health', () => HEALTH);
  server.on('GET /api/v1/admin/outbound-alarms', () => ({
    items: [
      {
        at: '2026-11-27T10:00:00.000Z',
        line: '1001',
        number: '+4930123456',
        limit: 'line_minutes',
        text: { ru: 'Линия 1001 исчерпала минуты', en: '1001 has talked its minutes' },
      },
    ],
  }));
  await renderLive(server, <HealthScreen />);

  const alarms = await screen.findByRole('region', { name: 'Звонки наружу сверх предела' });
  expect(alarms.textContent).toContain('1001 → +4930123456. Линия 1001 исчерпала минуты');
});

test('an alarm is shown as it is raised', async () => {
  let items: unknown[] = [];
  server.on('GET /api/v1/admin/health', () => HEALTH);
  server.on('GET /api/v1/admin/outbound-alarms', () => ({ items }));
  const live = await renderLive(server, <HealthScreen />);
  await screen.findByText('Всё в порядке');

  items = [
    {
      at: '2026-11-27T10:00:00.000Z',
      line: '1002',
      number: '+88212345',
      limit: 'blocked',
      text: { ru: 'Линия 1002 звонит по чёрному списку', en: '1002 calls the black list' },
    },
  ];
  await live.says('outbound.alarm', 'outbound-alarm:1002 blocked', {
    line: '1002',
    number: '+88212345',
    limit: 'blocked',
  });

  expect((await screen.findByText(/1002 → \+88212345/)).isConnected).toBe(true);
});

test('what the administrator should see to is named, the worst first', () => {
  expect(troublesOf(HEALTH)).toEqual([]);
  expect(troublesOf({ ...HEALTH, disk_free_bytes: null })).toEqual([]);
  const ill: Health = {
    ...HEALTH,
    ready: false,
    database: { kind: 'sqlite', ok: false, latency_ms: 900 },
    spool: { bytes: 2_000_000 },
    disk_free_bytes: 1_000_000,
  };
  expect(troublesOf(ill)).toEqual(['database_down', 'not_ready', 'spool_waits', 'disk_low']);
  const slow = { ...HEALTH, database: { kind: 'sqlite', ok: true, latency_ms: 900 } };
  expect(troublesOf(slow)).toEqual(['database_slow']);
});

test('processor use is of one core, between two readings', () => {
  const samples = [SAMPLE(0, 1), SAMPLE(2000, 2), SAMPLE(4000, 2)];

  expect(cpuShares(samples)).toEqual([50, 0]);
  expect(cpuShares([])).toEqual([]);
});

test('samples are as many as are drawn, and begin anew after a restart', () => {
  let samples: readonly Sample[] = [];
  for (let n = 0; n < SAMPLES_MAX + 5; n += 1) samples = withSample(samples, SAMPLE(n * 2000, n));

  expect(samples).toHaveLength(SAMPLES_MAX);
  expect(withSample(samples, samples.at(-1) as Sample)).toBe(samples);
  const restarted = { at: 1e9, health: { ...HEALTH, uptime_s: 0 } };
  expect(withSample(samples, restarted)).toEqual([restarted]);
});

test('a line ends at the right, the greatest value at its top', () => {
  expect(linePoints([1], 200, 28)).toBe('');
  const points = linePoints([0, 4, 2], 149, 28).split(' ');
  expect(points).toEqual(['147.0,28.0', '148.0,0.0', '149.0,14.0']);
  expect(linePoints([0, 0], 149, 28)).toBe('148.0,28.0 149.0,28.0');
});

test.each([
  [0, 0, 'byte'],
  [1023, 1023, 'byte'],
  [1536, 1.5, 'kilobyte'],
  [150.4 * 1024 ** 2, 150, 'megabyte'],
  [2048 * 1024 ** 4, 2048, 'terabyte'],
])('%d bytes are %d %ss', (count, value, unit) => {
  const written = new Intl.NumberFormat('ru', { style: 'unit', unit }).format(value);

  expect(bytes(count, 'ru')).toBe(written);
});

const HEALTH: Health = {
  version: '0.1.0',
  uptime_s: 10,
  ready: true,
  database: { kind: 'sqlite', ok: true, latency_ms: 0.4 },
  cpu_s: 1,
  memory_bytes: 50_000_000,
  files: 40,
  calls: 7,
  legs: 14,
  registrations: 3,
  shards: 2,
  media: { sessions: 5 },
  spool: { bytes: 0 },
  disk_free_bytes: 50 * 1024 ** 3,
};

const SAMPLE = (at: number, cpu_s: number): Sample => ({
  at,
  health: { ...HEALTH, cpu_s, uptime_s: at / 1000 },
});
