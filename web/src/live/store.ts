// What changes by itself: lines, calls, and how the connection is. Kept from snapshots and frames; knows
// no React and no socket.

import type { ActiveCall, Bootstrap, Extension, Line, MenuItem } from '../api/types';
import type { Frame, FrameData, LineChangedData, LineStatusData } from './protocol';

export interface Connection {
  readonly phase:
    | 'connecting'
    | 'online'
    | 'reconnecting'
    | 'offline'
    | 'signed_out'
    | 'taken_over';
  /** Since when the server cannot be reached, in Unix milliseconds. */
  readonly lostAt?: number;
  /** Round trip of the last heartbeat, in milliseconds. */
  readonly rtt?: number;
}

export interface LiveState {
  readonly connection: Connection;
  /** How often everything was read anew after a loss. */
  readonly resyncs: number;
  /** Nothing before the first snapshot. */
  readonly menu: readonly MenuItem[];
  /** Lines of the user. */
  readonly myLines: readonly Line[];
  /** Lines of the whole domain by id; empty until somebody subscribes to `lines`. */
  readonly extensions: ReadonlyMap<string, Extension>;
  /** Whether the lines of the domain have been read since somebody wanted them. */
  readonly hasExtensions: boolean;
  /** By id: calls of the user, and of the whole domain while `calls` is subscribed to. */
  readonly calls: ReadonlyMap<string, ActiveCall>;
  readonly isLoaded: boolean;
}

const EMPTY: LiveState = {
  connection: { phase: 'connecting' },
  resyncs: 0,
  menu: [],
  myLines: [],
  extensions: new Map(),
  hasExtensions: false,
  calls: new Map(),
  isLoaded: false,
};

/** Entities whose last frame is remembered. */
const KEYS_MAX = 20_000;

/** Runs `commit` once, soon; frames that arrive until then go with it. */
export type Schedule = (commit: () => void) => void;

/** Before a paint, or soon in a window that is not painted. */
const animationFrame: Schedule = (commit) => {
  if (document.hidden) setTimeout(commit, 50);
  else requestAnimationFrame(commit);
};

export class LiveStore {
  #state: LiveState = EMPTY;
  /** Not yet visible: what the frames since the last commit have made of the state. */
  #next: LiveState = EMPTY;
  #isScheduled = false;
  readonly #seqs = new Map<string, number>();
  readonly #listeners = new Set<() => void>();
  readonly #frameListeners = new Map<string, Set<(frame: Frame) => void>>();
  readonly #schedule: Schedule;

  constructor(schedule: Schedule = animationFrame) {
    this.#schedule = schedule;
  }

  /** The same object until something changes, as `useSyncExternalStore` requires. */
  readonly snapshot = (): LiveState => this.#state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Calls back for each frame of a type, for screens with rows of their own (`call.logged`). */
  onFrame(type: string, listener: (frame: Frame) => void): () => void {
    const listeners = this.#frameListeners.get(type) ?? new Set();
    this.#frameListeners.set(type, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  /** Takes frames in any order: one that is older than what is known of its entity changes nothing. */
  apply(frames: readonly Frame[]): void {
    for (const frame of frames) {
      if (frame.s <= (this.#seqs.get(frame.k) ?? -1)) continue;
      this.#remember(frame.k, frame.s);
      this.#reduce(frame);
      for (const listener of this.#frameListeners.get(frame.t) ?? []) listener(frame);
    }
  }

  /** The user's own lines and calls, as they were at `seq`. */
  load({ seq, menu, lines, calls }: Bootstrap): void {
    const mine = new Set(lines.map((it) => it.id));
    const others = [...this.#next.calls.values()].filter(
      (it) => !isOf(it, mine) || this.#isNewer(`call:${it.id}`, seq),
    );
    this.#change({
      menu,
      myLines: lines.map((it) => this.#newest(`line:${it.id}`, seq, it, this.#lineOf(it.id))),
      calls: this.#merged(seq, others, calls),
      isLoaded: true,
    });
  }

  /** All lines of the domain, as they were at `seq`. */
  loadExtensions(seq: number, items: readonly Extension[]): void {
    const known = this.#next.extensions;
    // Lines that came, changed or went since are as the frames have told.
    const isTold = (id: string) => this.#isNewer(`extension:${id}`, seq);
    const extensions = new Map([...known].filter(([id]) => isTold(id)));
    for (const it of items) {
      if (isTold(it.id)) continue;
      extensions.set(it.id, this.#newest(`line:${it.id}`, seq, it, known.get(it.id)));
    }
    this.#change({ extensions, hasExtensions: true });
  }

  /** All calls of the domain, as they were at `seq`. */
  loadCalls(seq: number, items: readonly ActiveCall[]): void {
    const newer = [...this.#next.calls.values()].filter((it) =>
      this.#isNewer(`call:${it.id}`, seq),
    );
    this.#change({ calls: this.#merged(seq, newer, items) });
  }

  /** At once: how the connection is must not wait for a paint. */
  setConnection(connection: Connection): void {
    this.#next = { ...this.#next, connection };
    this.#commit();
  }

  /** Everything is as the server has it again, after a loss. */
  resynced(): void {
    this.#change({ resyncs: this.#next.resyncs + 1 });
  }

  /** Another user may come: forgets everything. */
  clear(): void {
    this.#seqs.clear();
    this.#next = EMPTY;
    this.#commit();
  }

  #reduce(frame: Frame): void {
    switch (frame.t) {
      case 'line.status':
        return this.#lineChanged(frame.d as FrameData['line.status']);
      case 'line.changed':
        return this.#lineIsOther(frame.d as FrameData['line.changed']);
      case 'line.removed':
        return this.#lineIsGone((frame.d as FrameData['line.removed']).id);
      case 'call.updated': {
        const call = frame.d as FrameData['call.updated'];
        return this.#change({ calls: new Map(this.#next.calls).set(call.id, call) });
      }
      case 'call.ended': {
        const calls = new Map(this.#next.calls);
        calls.delete((frame.d as FrameData['call.ended']).id);
        return this.#change({ calls });
      }
      default:
        return undefined;
    }
  }

  #lineChanged({ id, status, since }: LineStatusData): void {
    const extension = this.#next.extensions.get(id);
    this.#change({
      myLines: this.#next.myLines.map((it) => (it.id === id ? { ...it, status, since } : it)),
      ...(extension && {
        extensions: new Map(this.#next.extensions).set(id, { ...extension, status, since }),
      }),
    });
  }

  /** How it stands is told by frames of its own, and may be known better by now. */
  #lineIsOther(line: LineChangedData): void {
    const known = this.#next.extensions.get(line.id);
    const { status, since } = known ?? line;
    const { id, number, name, user_id } = line;
    const extension: Extension = { id, number, name, user_id, status, since };
    this.#change({
      myLines: this.#next.myLines.map((it) => (it.id === id ? { ...it, number, name } : it)),
      extensions: new Map(this.#next.extensions).set(id, extension),
    });
  }

  #lineIsGone(id: string): void {
    const extensions = new Map(this.#next.extensions);
    extensions.delete(id);
    this.#change({ extensions, myLines: this.#next.myLines.filter((it) => it.id !== id) });
  }

  /** Calls of a snapshot over those to keep; one that has ended since stays away. */
  #merged(seq: number, keep: readonly ActiveCall[], items: readonly ActiveCall[]) {
    const calls = new Map(keep.map((it) => [it.id, it]));
    for (const it of items) {
      const key = `call:${it.id}`;
      if (this.#isNewer(key, seq)) continue;
      this.#seqs.set(key, seq);
      calls.set(it.id, it);
    }
    return calls;
  }

  /** `item` of a snapshot with the status that a later frame has told, if one has. */
  #newest<T extends Line | Extension>(
    key: string,
    seq: number,
    item: T,
    known: Line | Extension | undefined,
  ): T {
    if (known && this.#isNewer(key, seq)) {
      return { ...item, status: known.status, since: known.since };
    }
    this.#seqs.set(key, Math.max(seq, this.#seqs.get(key) ?? seq));
    return item;
  }

  #lineOf(id: string): Line | Extension | undefined {
    return this.#next.myLines.find((it) => it.id === id) ?? this.#next.extensions.get(id);
  }

  /** Calls come and go: the entities not heard of for longest are forgotten. */
  #remember(key: string, seq: number): void {
    this.#seqs.delete(key);
    this.#seqs.set(key, seq);
    if (this.#seqs.size <= KEYS_MAX) return;
    for (const oldest of this.#seqs.keys()) {
      this.#seqs.delete(oldest);
      if (this.#seqs.size <= KEYS_MAX / 2) break;
    }
  }

  #isNewer(key: string, seq: number): boolean {
    return (this.#seqs.get(key) ?? -1) > seq;
  }

  #change(part: Partial<LiveState>): void {
    this.#next = { ...this.#next, ...part };
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#schedule(() => {
      this.#isScheduled = false;
      this.#commit();
    });
  }

  #commit(): void {
    if (this.#state === this.#next) return;
    this.#state = this.#next;
    for (const listener of this.#listeners) listener();
  }
}

/** Whether one of these lines takes part in the call. */
export const isOf = (call: ActiveCall, lines: ReadonlySet<string>): boolean =>
  call.legs.some((leg) => leg.line_id !== null && lines.has(leg.line_id));
