// Ties the socket to the store: snapshots when they are due, topics while somebody looks at them.

import type { ActiveCall, Bootstrap, Extension } from '../api/types';
import type { Topic } from './protocol';
import { EventSocket, type SocketWorld } from './socket';
import { LiveStore } from './store';

/** Where snapshots come from. */
export interface Snapshots {
  /** Missing where the session has no workspace: a wall display. */
  readonly bootstrap?: () => Promise<Bootstrap>;
  readonly extensions: () => Promise<{ seq: number; items: Extension[] }>;
  readonly calls: () => Promise<{ seq: number; items: ActiveCall[] }>;
  /** Asks the server anything, so that a session that is over shows itself. */
  readonly probe: () => Promise<unknown>;
}

interface Options {
  readonly url: string;
  readonly tab: string;
  readonly snapshots: Snapshots;
  readonly onSessionOver: () => void;
  /** Everything shown may be old: rows that were fetched should be fetched again. */
  readonly onResync: () => void;
  readonly store?: LiveStore;
  readonly world?: SocketWorld;
}

/** So long a loss is called reconnecting; then it is no connection. */
const RECONNECTING_MS = 2000;
/** A snapshot that could not be read is tried again. */
const SNAPSHOT_RETRY_MS = 2000;

/** Somebody who wants a topic. */
interface Watcher {
  readonly onHeard: () => void;
}

export class Live {
  readonly store: LiveStore;
  readonly #socket: EventSocket;
  readonly #options: Options;
  readonly #watchers = new Map<Topic, Set<Watcher>>();
  #lostAt: number | undefined;
  #offline: ReturnType<typeof setTimeout> | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #generation = 0;
  /** Frames were missed, and the snapshot that makes up for them has not been read yet. */
  #isBehind = true;

  constructor(options: Options) {
    this.#options = options;
    this.store = options.store ?? new LiveStore();
    this.#socket = new EventSocket(
      options.url,
      options.tab,
      {
        onWelcome: ({ resumed }) => this.#welcomed(resumed),
        onFrames: (frames) => this.store.apply(frames),
        onSubscribed: (topic) => void this.#loadTopic(topic as Topic).catch(() => {}),
        onRtt: (rtt) => {
          if (this.#lostAt === undefined) this.store.setConnection({ phase: 'online', rtt });
        },
        onLost: () => this.#lost(),
        onFailed: () => void options.snapshots.probe().catch(() => {}),
        onSessionOver: () => {
          this.#rest('signed_out');
          options.onSessionOver();
        },
        onTakenOver: () => this.#rest('taken_over'),
      },
      options.world,
    );
  }

  /** Connects, and watches the browser's network and window. Returns how to end it. */
  start(): () => void {
    const check = () => this.#socket.check();
    const gone = () => {
      this.#socket.networkGone();
      this.#showOffline();
    };
    const seen = () => document.hidden || check();
    window.addEventListener('online', check);
    window.addEventListener('offline', gone);
    document.addEventListener('visibilitychange', seen);
    this.#socket.start();
    return () => {
      window.removeEventListener('online', check);
      window.removeEventListener('offline', gone);
      document.removeEventListener('visibilitychange', seen);
      clearTimeout(this.#offline);
      clearTimeout(this.#retry);
      this.#generation += 1;
      this.#socket.stop();
    };
  }

  /** Comes back after the user has signed in again, or takes the work over from another window. */
  resume(): void {
    this.#socket.start();
  }

  /**
   * Wants a topic until the returned function is called. `onHeard` is called when its frames begin to
   * come, and again when they do after some were missed; not if they come already.
   */
  watch(topic: Topic, onHeard: () => void = () => {}): () => void {
    const watcher = { onHeard };
    const watchers = this.#watchers.get(topic) ?? new Set();
    this.#watchers.set(topic, watchers.add(watcher));
    if (watchers.size === 1) this.#socket.subscribe(topic);
    return () => {
      if (watchers.delete(watcher) && watchers.size === 0) this.#socket.unsubscribe(topic);
    };
  }

  #welcomed(resumed: boolean): void {
    const wasLost = this.#lostAt !== undefined;
    if (resumed) return this.#online(wasLost);
    this.#isBehind = true;
    void this.#loadAll(wasLost);
  }

  /** Reads the snapshots; frames that come meanwhile are newer, and the store knows. */
  async #loadAll(wasLost: boolean): Promise<void> {
    const generation = ++this.#generation;
    try {
      const { bootstrap } = this.#options.snapshots;
      if (bootstrap) {
        const snapshot = await bootstrap();
        if (generation !== this.#generation) return;
        this.store.load(snapshot);
      }
      const topics = [...this.#watchers].filter(([, it]) => it.size > 0);
      await Promise.all(topics.map(([topic]) => this.#loadTopic(topic)));
      if (generation !== this.#generation) return;
      this.#isBehind = false;
      this.#online(wasLost);
    } catch {
      if (generation !== this.#generation) return;
      this.#retry = setTimeout(() => void this.#loadAll(wasLost), SNAPSHOT_RETRY_MS);
    }
  }

  /** Its frames come from now on. */
  async #loadTopic(topic: Topic): Promise<void> {
    for (const { onHeard } of this.#watchers.get(topic) ?? []) onHeard();
    if (topic === 'lines') {
      const { seq, items } = await this.#options.snapshots.extensions();
      this.store.loadExtensions(seq, items);
    } else if (topic === 'calls') {
      const { seq, items } = await this.#options.snapshots.calls();
      this.store.loadCalls(seq, items);
    }
  }

  #online(wasLost: boolean): void {
    clearTimeout(this.#offline);
    this.#lostAt = undefined;
    const { rtt } = this.store.snapshot().connection;
    this.store.setConnection({ phase: 'online', ...(rtt !== undefined && { rtt }) });
    if (!wasLost) return;
    this.store.resynced();
    this.#options.onResync();
  }

  #lost(): void {
    clearTimeout(this.#retry);
    this.#generation += 1;
    if (this.#isBehind) this.#socket.forgetPosition();
    if (this.#lostAt !== undefined) return;
    this.#lostAt = Date.now();
    this.store.setConnection({ phase: 'reconnecting', lostAt: this.#lostAt });
    this.#offline = setTimeout(() => this.#showOffline(), RECONNECTING_MS);
  }

  #showOffline(): void {
    if (this.#lostAt === undefined) return;
    clearTimeout(this.#offline);
    this.store.setConnection({ phase: 'offline', lostAt: this.#lostAt });
  }

  /** No connection, and none is tried until somebody acts. */
  #rest(phase: 'signed_out' | 'taken_over'): void {
    clearTimeout(this.#offline);
    clearTimeout(this.#retry);
    this.#generation += 1;
    this.#lostAt ??= Date.now();
    this.store.setConnection({ phase, lostAt: this.#lostAt });
  }
}
