import { expect, test, vi } from 'vitest';
import type { ActiveCall, Bootstrap, Extension, Line } from '../api/types';
import type { Frame } from './protocol';
import { LiveStore } from './store';

test('a frame changes what it is about, and only once it is committed', () => {
  const { store, commit } = storeWithLine('idle');
  store.apply([lineFrame(11, 'talking')]);
  const before = store.snapshot();

  commit();

  expect(before.myLines[0]?.status).toBe('idle');
  expect(store.snapshot().myLines[0]?.status).toBe('talking');
});

test('frames that come before a paint wake the listeners once', () => {
  const { store, commit } = storeWithLine('idle');
  const listener = vi.fn();
  store.subscribe(listener);

  store.apply([lineFrame(11, 'ringing')]);
  store.apply([lineFrame(12, 'talking'), lineFrame(13, 'held')]);
  commit();

  expect(listener).toHaveBeenCalledTimes(1);
  expect(store.snapshot().myLines[0]?.status).toBe('held');
});

test('a frame that comes after a newer one of the same line changes nothing', () => {
  const { store, commit } = storeWithLine('idle');

  store.apply([lineFrame(13, 'held'), lineFrame(12, 'talking')]);
  commit();

  expect(store.snapshot().myLines[0]?.status).toBe('held');
});

test('a frame that comes after a newer one of another line counts', () => {
  const { store, commit } = storeWithLine('idle');
  store.apply([{ ...lineFrame(20, 'talking'), k: 'line:other' }]);

  store.apply([lineFrame(12, 'ringing')]);
  commit();

  expect(store.snapshot().myLines[0]?.status).toBe('ringing');
});

test('a frame from before the snapshot changes nothing', () => {
  const { store, commit } = storeWithLine('idle');

  store.apply([lineFrame(10, 'talking')]);
  commit();

  expect(store.snapshot().myLines[0]?.status).toBe('idle');
});

test('a frame that overtook the snapshot stays', () => {
  const { store, commit } = storeWithLine('idle');
  store.apply([lineFrame(15, 'talking')]);

  store.load(bootstrap(12, 'idle'));
  commit();

  expect(store.snapshot().myLines[0]?.status).toBe('talking');
});

test('a call that is not in a later snapshot is gone, one that is newer stays', () => {
  const { store, commit } = storeWithLine('idle');
  store.apply([callFrame(11, 'ended-unseen'), callFrame(21, 'new')]);

  store.load(bootstrap(20, 'idle'));
  commit();

  expect([...store.snapshot().calls.keys()]).toEqual(['new']);
});

test('a call that ended before its snapshot arrived does not come back', () => {
  const { store, commit } = storeWithLine('idle');
  store.apply([{ s: 22, t: 'call.ended', k: 'call:c1', at: '', d: { id: 'c1', ended_at: '' } }]);

  store.load({ ...bootstrap(20, 'idle'), calls: [call('c1')] });
  commit();

  expect(store.snapshot().calls.size).toBe(0);
});

test('lines of the domain follow frames, and those unknown are left out', () => {
  const { store, commit } = storeWithLine('idle');
  store.loadExtensions(30, [extension('x')]);

  store.apply([lineFrame(31, 'ringing', 'x'), lineFrame(32, 'ringing', 'stranger')]);
  commit();

  expect([...store.snapshot().extensions.values()].map((it) => it.status)).toEqual(['ringing']);
});

test('screens get frames of their type once each', () => {
  const { store } = storeWithLine('idle');
  const seen = vi.fn();
  store.onFrame('call.logged', seen);
  const frame: Frame = { s: 40, t: 'call.logged', k: 'call:c1', at: '', d: { id: 'c1' } };

  store.apply([frame, frame, lineFrame(41, 'idle')]);

  expect(seen.mock.calls).toEqual([[frame]]);
});

/** A store with one line of the user's own as of sequence 10, committed by hand. */
test('a line that is made, renamed or removed is in the list, renamed, and out of it', () => {
  const { store, commit } = storeWithLine('idle');
  store.loadExtensions(10, [extension('l2'), extension('l3')]);
  store.apply([lineFrame(11, 'talking', 'l2')]);

  store.apply([
    extensionFrame(12, 'line.changed', { ...extension('l2'), name: 'Renamed' }),
    extensionFrame(13, 'line.changed', { ...extension('l4'), name: 'New' }),
    extensionFrame(14, 'line.removed', { id: 'l3', number: '1002' }),
    extensionFrame(15, 'line.removed', { id: 'l1', number: '1001' }),
  ]);
  commit();

  const { extensions, myLines } = store.snapshot();
  expect([...extensions.values()].map((it) => [it.id, it.name, it.status])).toEqual([
    ['l2', 'Renamed', 'talking'],
    ['l4', 'New', 'idle'],
  ]);
  expect(myLines).toEqual([]);
});

test('what was told of a line after a snapshot was made outlives that snapshot', () => {
  const { store, commit } = storeWithLine('idle');
  store.apply([
    extensionFrame(12, 'line.removed', { id: 'l2', number: '1002' }),
    extensionFrame(13, 'line.changed', { ...extension('l4'), name: 'New' }),
  ]);

  store.loadExtensions(11, [extension('l2'), extension('l3')]);
  commit();

  expect([...store.snapshot().extensions.keys()].sort()).toEqual(['l3', 'l4']);
});

function storeWithLine(status: Line['status']) {
  const due: (() => void)[] = [];
  const store = new LiveStore((commit) => due.push(commit));
  const commit = () => {
    for (const it of due.splice(0)) it();
  };
  store.load(bootstrap(10, status));
  commit();
  return { store, commit };
}

function bootstrap(seq: number, status: Line['status']): Bootstrap {
  const line: Line = { id: 'l1', number: '1001', sip_user: '1001', name: 'A', status, since: '' };
  return { seq, me: {} as Bootstrap['me'], menu: [], lines: [line], calls: [] };
}

const lineFrame = (s: number, status: Line['status'], id = 'l1'): Frame => ({
  s,
  t: 'line.status',
  k: `line:${id}`,
  at: '',
  d: { id, number: '1001', status, since: '' },
});

const extensionFrame = (
  s: number,
  t: string,
  d: Partial<Extension> & { readonly id: string },
): Frame => ({
  s,
  t,
  k: `extension:${d.id}`,
  at: '',
  d,
});

const callFrame = (s: number, id: string): Frame => ({
  s,
  t: 'call.updated',
  k: `call:${id}`,
  at: '',
  d: call(id),
});

const call = (id: string): ActiveCall => ({
  id,
  direction: 'in',
  state: 'talking',
  caller: { number: '+74950000000', name: null },
  dialled: '1001',
  started_at: '',
  answered_at: null,
  legs: [
    {
      id: 'leg',
      role: 'callee',
      number: '1001',
      name: null,
      line_id: 'l1',
      state: 'talking',
      since: '',
    },
  ],
  recording: 'off',
  is_recording_forced: false,
  actions: [],
});

const extension = (id: string): Extension => ({
  id,
  number: '1002',
  name: 'B',
  status: 'idle',
  since: '',
  user_id: null,
});
