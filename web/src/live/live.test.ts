// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Bootstrap, Line } from '../api/types';
import { FakeSocket } from '../testing/FakeSocket';
import { Live } from './live';
import { LiveStore } from './store';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

test('the first connection asks for no replay, reads the snapshot, and is online', async () => {
  const { live, sockets, bootstrap } = started();

  await sockets[0]?.welcomes({ resumed: false, seq: 10 });
  await settle();

  expect(sockets[0]?.sentOf('hello')).toEqual([{ tab: 'tab-1', resume_from: null, subs: ['me'] }]);
  expect(bootstrap).toHaveBeenCalledTimes(1);
  expect(live.store.snapshot().connection.phase).toBe('online');
  expect(live.store.snapshot().resyncs).toBe(0);
});

test('after a cut the last frame seen is where it resumes, without a new snapshot', async () => {
  const { live, sockets, bootstrap, onResync } = await online();
  sockets[0]?.says(lineFrame(14, 'ringing'));

  sockets[0]?.ends();
  await vi.advanceTimersByTimeAsync(400);
  sockets[1]?.welcomes({ resumed: true, seq: 15 });
  sockets[1]?.says(lineFrame(15, 'talking'));
  await settle();

  expect(sockets[1]?.sentOf('hello')).toEqual([{ tab: 'tab-1', resume_from: 14, subs: ['me'] }]);
  expect(bootstrap).toHaveBeenCalledTimes(1);
  expect(live.store.snapshot().myLines[0]?.status).toBe('talking');
  expect(onResync).toHaveBeenCalledTimes(1);
});

test('when the server cannot replay the gap, everything is read anew', async () => {
  const { live, sockets, bootstrap, onResync } = await online();
  bootstrap.mockResolvedValue(snapshot(90, 'held'));

  sockets[0]?.ends();
  await vi.advanceTimersByTimeAsync(400);
  sockets[1]?.welcomes({ resumed: false, seq: 90 });
  await settle();

  expect(live.store.snapshot().myLines[0]?.status).toBe('held');
  expect(live.store.snapshot().resyncs).toBe(1);
  expect(onResync).toHaveBeenCalledTimes(1);
});

test('a cut during the new snapshot does not pass for a resumed session', async () => {
  const { sockets, bootstrap } = await online();
  sockets[0]?.ends();
  await vi.advanceTimersByTimeAsync(400);
  bootstrap.mockReturnValue(new Promise(() => {}));
  sockets[1]?.welcomes({ resumed: false, seq: 90 });

  sockets[1]?.ends();
  await vi.advanceTimersByTimeAsync(400);
  sockets[2]?.opens();

  expect(sockets[2]?.sentOf('hello')).toEqual([{ tab: 'tab-1', resume_from: null, subs: ['me'] }]);
});

test('a snapshot that cannot be read is tried again', async () => {
  const { live, sockets, bootstrap } = started();
  bootstrap.mockRejectedValueOnce(new Error('busy'));
  sockets[0]?.welcomes({ resumed: false, seq: 10 });
  await settle();
  expect(live.store.snapshot().isLoaded).toBe(false);

  await vi.advanceTimersByTimeAsync(2000);

  expect(live.store.snapshot().isLoaded).toBe(true);
  expect(live.store.snapshot().connection.phase).toBe('online');
});

test.each([
  ['is too slow', 'its frames were thrown away', 4008],
  ['may do other things from now on', 'it must not show what it knows', 4004],
])('one that %s reads the snapshot, since %s', async (_who, _why, code) => {
  const { sockets } = await online();

  sockets[0]?.ends(code);
  await vi.advanceTimersByTimeAsync(400);
  sockets[1]?.opens();

  expect(sockets[1]?.sentOf('hello')).toEqual([{ tab: 'tab-1', resume_from: null, subs: ['me'] }]);
});

test('a link that has gone silent is given up within three seconds', async () => {
  const { live, sockets } = await online();

  await vi.advanceTimersByTimeAsync(3000);

  expect(sockets[0]?.isClosed).toBe(true);
  expect(live.store.snapshot().connection.phase).toBe('reconnecting');
});

test('a link that answers stays, and its round trip is known', async () => {
  const { live, sockets } = await online();

  for (let n = 0; n < 10; n++) {
    await vi.advanceTimersByTimeAsync(1490);
    sockets[0]?.says({ pong: sockets[0].sentOf('ping').at(-1) });
    await vi.advanceTimersByTimeAsync(10);
  }

  expect(sockets[0]?.isClosed).toBe(false);
  expect(live.store.snapshot().connection).toEqual({ phase: 'online', rtt: 1490 });
});

test('the round trip goes back to the server with its own ping', async () => {
  const { sockets } = await online();
  await vi.advanceTimersByTimeAsync(20);
  sockets[0]?.says({ pong: sockets[0].sentOf('ping').at(-1) });

  sockets[0]?.says({ ping: 7 });

  expect(sockets[0]?.sent.at(-1)).toEqual({ pong: 7, rtt: 20 });
});

test('attempts grow rarer up to ten seconds, and a welcome makes them quick again', async () => {
  const { sockets } = await online();
  const waits: number[] = [];

  for (let n = 0; n < 8; n++) {
    const count = sockets.length;
    sockets.at(-1)?.ends();
    waits.push(await untilAnotherSocket(sockets, count));
  }
  sockets.at(-1)?.welcomes({ resumed: true, seq: 10 });
  const count = sockets.length;
  sockets.at(-1)?.ends();
  waits.push(await untilAnotherSocket(sockets, count));

  // The jitter of this test is at its greatest.
  expect(waits).toEqual([300, 600, 1200, 2400, 4800, 9600, 10000, 10000, 300]);
});

test('no network is told at once, and the network coming back connects at once', async () => {
  const { live, sockets } = await online();

  window.dispatchEvent(new Event('offline'));
  expect(live.store.snapshot().connection.phase).toBe('offline');
  for (let n = 0; n < 4; n++) await failNextAttempt(sockets);
  const count = sockets.length;

  window.dispatchEvent(new Event('online'));

  expect(sockets.length).toBe(count + 1);
});

test('reconnecting that takes long is called no connection', async () => {
  const { live, sockets } = await online();

  sockets[0]?.ends();
  expect(live.store.snapshot().connection.phase).toBe('reconnecting');
  await vi.advanceTimersByTimeAsync(2000);

  expect(live.store.snapshot().connection.phase).toBe('offline');
});

test('after a sleep it asks before it judges', async () => {
  const { sockets } = await online();
  const pings = sockets[0]?.sentOf('ping').length ?? 0;
  vi.setSystemTime(Date.now() + 60_000);

  await vi.advanceTimersByTimeAsync(1500);

  expect(sockets[0]?.isClosed).toBe(false);
  expect(sockets[0]?.sentOf('ping').length).toBe(pings + 1);
});

test('a session that is over is told, and nothing is tried until the user is back', async () => {
  const { live, sockets, onSessionOver } = await online();

  sockets[0]?.ends(4001);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(onSessionOver).toHaveBeenCalledTimes(1);
  expect(sockets.length).toBe(1);
  live.resume();

  expect(sockets.length).toBe(2);
});

test('taken over by another window, it rests', async () => {
  const { live, sockets } = await online();

  sockets[0]?.ends(4002);
  await vi.advanceTimersByTimeAsync(60_000);

  expect(sockets.length).toBe(1);
  expect(live.store.snapshot().connection.phase).toBe('taken_over');
});

test('a failed attempt asks the server over HTTP whether the session is still there', async () => {
  const { sockets, probe } = await online();
  sockets[0]?.ends();
  expect(probe).not.toHaveBeenCalled();

  await failNextAttempt(sockets);

  expect(probe).toHaveBeenCalledTimes(1);
});

test('a topic is on from its first watcher to its last, over reconnections too', async () => {
  const { live, sockets, extensions } = await online();
  const [first, second] = [live.watch('lines'), live.watch('lines')];
  expect(sockets[0]?.sentOf('sub')).toEqual(['lines']);
  sockets[0]?.says({ subbed: 'lines' });
  expect(extensions).toHaveBeenCalledTimes(1);

  sockets[0]?.ends();
  await vi.advanceTimersByTimeAsync(400);
  sockets[1]?.welcomes({ resumed: false, seq: 50 });
  await settle();
  first();
  second();

  expect(sockets[1]?.sentOf('hello')).toEqual([
    { tab: 'tab-1', resume_from: 10, subs: ['me', 'lines'] },
  ]);
  expect(extensions).toHaveBeenCalledTimes(2);
  expect(sockets[1]?.sentOf('unsub')).toEqual(['lines']);
});

test('topics that come and go while the welcome is on its way are told as well', async () => {
  const { live, sockets } = started();
  const end = live.watch('lines');
  sockets[0]?.opens();

  live.watch('admin');
  end();
  sockets[0]?.says({ welcome: { resumed: false, seq: 10, server: '0' } });
  await settle();

  expect(sockets[0]?.sentOf('hello')).toMatchObject([{ subs: ['me', 'lines'] }]);
  expect(sockets[0]?.sentOf('sub')).toEqual(['admin']);
  expect(sockets[0]?.sentOf('unsub')).toEqual(['lines']);
});

test('who watches a topic is told when it begins to be heard, and when some of it was missed', async () => {
  const { live, sockets } = await online();
  const [onHeard, onHeardToo] = [vi.fn(), vi.fn()];
  live.watch('admin', onHeard);
  expect(onHeard).not.toHaveBeenCalled();
  sockets[0]?.says({ subbed: 'admin' });
  expect(onHeard).toHaveBeenCalledTimes(1);

  const end = live.watch('admin', onHeardToo);
  expect(onHeardToo).not.toHaveBeenCalled();
  sockets[0]?.ends();
  await vi.advanceTimersByTimeAsync(400);
  sockets[1]?.welcomes({ resumed: false, seq: 50 });
  await settle();
  expect([onHeard, onHeardToo].map((it) => it.mock.calls.length)).toEqual([2, 1]);

  end();
  sockets[1]?.ends(4004);
  await vi.advanceTimersByTimeAsync(400);
  sockets[2]?.welcomes({ resumed: false, seq: 60 });
  await settle();
  expect([onHeard, onHeardToo].map((it) => it.mock.calls.length)).toEqual([3, 1]);
});

async function online() {
  const it = started();
  it.sockets[0]?.welcomes({ resumed: false, seq: 10 });
  await settle();
  expect(it.live.store.snapshot().connection.phase).toBe('online');
  return it;
}

function started() {
  const sockets: FakeSocket[] = [];
  const bootstrap = vi.fn(async () => snapshot(10, 'idle'));
  const extensions = vi.fn(async () => ({ seq: 10, items: [] }));
  const probe = vi.fn(async () => {});
  const onSessionOver = vi.fn();
  const onResync = vi.fn();
  const live = new Live({
    url: 'ws://test/events',
    tab: 'tab-1',
    snapshots: { bootstrap, extensions, calls: async () => ({ seq: 10, items: [] }), probe },
    onSessionOver,
    onResync,
    store: new LiveStore((commit) => commit()),
    world: {
      open: () => {
        sockets.push(new FakeSocket());
        return sockets.at(-1) as unknown as WebSocket;
      },
      random: () => 1,
      now: Date.now,
    },
  });
  live.start();
  return { live, sockets, bootstrap, extensions, probe, onSessionOver, onResync };
}

/** Lets what is already due happen. */
const settle = () => vi.advanceTimersByTimeAsync(0);

async function failNextAttempt(sockets: FakeSocket[]): Promise<void> {
  await untilAnotherSocket(sockets, sockets.length);
  sockets.at(-1)?.ends();
}

/** How many milliseconds it takes, on the fake clock, in steps of 100. */
async function untilAnotherSocket(sockets: FakeSocket[], count: number): Promise<number> {
  for (let waited = 0; waited <= 20_000; waited += 100) {
    if (sockets.length > count) return waited;
    await vi.advanceTimersByTimeAsync(100);
  }
  throw new Error('no further attempt was made');
}

function snapshot(seq: number, status: Line['status']): Bootstrap {
  const line: Line = { id: 'l1', number: '1001', sip_user: '1001', name: 'A', status, since: '' };
  return { seq, me: {} as Bootstrap['me'], menu: [], lines: [line], calls: [] };
}

const lineFrame = (s: number, status: Line['status']) => ({
  s,
  t: 'line.status',
  k: 'line:l1',
  at: '',
  d: { id: 'l1', number: '1001', status, since: '' },
});
