// The event socket: says hello, answers pings, notices a dead link, comes back by itself. Knows neither
// React nor what the frames mean.

import { CLOSE, type Frame, parse } from './protocol';

export interface SocketEvents {
  /** The server greets: `resumed` tells whether it replayed all that was missed. */
  onWelcome: (welcome: { resumed: boolean; seq: number }) => void;
  onFrames: (frames: readonly Frame[]) => void;
  /** A topic that was asked for while the socket was open is on. */
  onSubscribed: (topic: string) => void;
  onRtt: (ms: number) => void;
  /** The link is gone; it is being tried again. */
  onLost: () => void;
  /** An attempt to connect failed: the session may be over, which a socket cannot tell. */
  onFailed: () => void;
  onSessionOver: () => void;
  onTakenOver: () => void;
}

/** What of the environment the socket uses. */
export interface SocketWorld {
  readonly open: (url: string) => WebSocket;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly now: () => number;
}

/** A ping goes out this often, … */
export const PING_MS = 1500;
/** … and if nothing at all came back by then, the link is dead: noticed within 3 s. */
const SILENCE_MAX_MS = 2 * PING_MS - 100;
/** A timer that is late by this much: the machine was asleep. */
const WAKE_UP_MS = 20_000;
/** How long a connection may take to be welcomed. */
const WELCOME_LIMIT_MS = 5000;
const BACKOFF_MIN_MS = 300;
const BACKOFF_MAX_MS = 10_000;

export class EventSocket {
  readonly #url: string;
  readonly #tab: string;
  readonly #events: SocketEvents;
  readonly #world: SocketWorld;
  readonly #topics = new Set<string>();
  #socket: WebSocket | undefined;
  /** Topics that come or go from then on are not in the hello: the server is told of each. */
  #saidHello = false;
  #isWelcome = false;
  #seq: number | null = null;
  #attempt = 0;
  #pings = new Map<number, number>();
  #nextPing = 1;
  #heardAt = 0;
  #tickedAt = 0;
  #rtt: number | null = null;
  #ticker: ReturnType<typeof setInterval> | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #limit: ReturnType<typeof setTimeout> | undefined;

  constructor(
    url: string,
    tab: string,
    events: SocketEvents,
    world: SocketWorld = {
      open: (url) => new WebSocket(url),
      random: Math.random,
      now: Date.now,
    },
  ) {
    this.#url = url;
    this.#tab = tab;
    this.#events = events;
    this.#world = world;
  }

  /** Connects, now; does nothing while a connection is there or being made. */
  start(): void {
    if (this.#socket) return;
    clearTimeout(this.#retry);
    const socket = this.#world.open(this.#url);
    this.#socket = socket;
    this.#isWelcome = false;
    socket.onopen = () => this.#hello();
    socket.onmessage = (event) => {
      if (socket === this.#socket) this.#receive(String(event.data));
    };
    socket.onclose = (event) => {
      if (socket === this.#socket) this.#closed(event.code);
    };
    this.#limit = setTimeout(() => this.#drop(), WELCOME_LIMIT_MS);
  }

  /** Ends the connection for good. */
  stop(): void {
    clearTimeout(this.#retry);
    this.#forget()?.close();
  }

  subscribe(topic: string): void {
    this.#topics.add(topic);
    if (this.#saidHello) this.#send({ sub: topic });
  }

  unsubscribe(topic: string): void {
    this.#topics.delete(topic);
    if (this.#saidHello) this.#send({ unsub: topic });
  }

  /** What was seen is worth nothing any more: the next hello asks for everything anew. */
  forgetPosition(): void {
    this.#seq = null;
  }

  /** The network may be back, or gone, or the machine was asleep: finds out now. */
  check(): void {
    if (!this.#socket) {
      if (this.#retry !== undefined) {
        this.#attempt = 0;
        this.start();
      }
      return;
    }
    if (this.#isWelcome) this.#ping();
  }

  /** The browser says that there is no network. */
  networkGone(): void {
    this.#drop();
  }

  #hello(): void {
    this.#saidHello = true;
    this.#send({
      hello: { tab: this.#tab, resume_from: this.#seq, subs: ['me', ...this.#topics] },
    });
  }

  #receive(text: string): void {
    this.#heardAt = this.#world.now();
    const message = parse(text);
    switch (message?.kind) {
      case 'welcome':
        return this.#welcomed(message.resumed, message.seq);
      case 'frames':
        for (const { s } of message.frames) this.#seq = Math.max(this.#seq ?? 0, s);
        return this.#events.onFrames(message.frames);
      case 'subbed':
        return this.#events.onSubscribed(message.topic);
      case 'ping':
        return this.#send({ pong: message.n, rtt: this.#rtt });
      case 'pong':
        return this.#ponged(message.n);
      default:
        return undefined;
    }
  }

  #welcomed(resumed: boolean, seq: number): void {
    clearTimeout(this.#limit);
    this.#isWelcome = true;
    this.#attempt = 0;
    if (!resumed) this.#seq = seq;
    this.#tickedAt = this.#world.now();
    this.#ticker = setInterval(() => this.#tick(), PING_MS);
    this.#ping();
    this.#events.onWelcome({ resumed, seq });
  }

  #tick(): void {
    const now = this.#world.now();
    const wasAsleep = now - this.#tickedAt > WAKE_UP_MS;
    this.#tickedAt = now;
    // After a sleep the silence is our own: ask first, judge at the next tick.
    if (wasAsleep) this.#heardAt = now;
    if (now - this.#heardAt > SILENCE_MAX_MS) this.#drop();
    else this.#ping();
  }

  #ping(): void {
    const n = this.#nextPing++;
    this.#pings.set(n, this.#world.now());
    this.#send({ ping: n });
  }

  #ponged(n: number): void {
    const sent = this.#pings.get(n);
    if (sent === undefined) return;
    this.#pings.clear();
    this.#rtt = Math.round(this.#world.now() - sent);
    this.#events.onRtt(this.#rtt);
  }

  #closed(code: number): void {
    const wasWelcome = this.#isWelcome;
    this.#forget();
    if (code === CLOSE.sessionOver) return this.#events.onSessionOver();
    if (code === CLOSE.takenOver) return this.#events.onTakenOver();
    if (code === CLOSE.tooSlow || code === CLOSE.changed) this.#seq = null;
    this.#lost(wasWelcome);
  }

  /** Gives up a connection that is silent; its close may take minutes to be told. */
  #drop(): void {
    const wasWelcome = this.#isWelcome;
    const socket = this.#forget();
    if (!socket) return;
    socket.close();
    this.#lost(wasWelcome);
  }

  #lost(wasWelcome: boolean): void {
    this.#events.onLost();
    if (!wasWelcome) this.#events.onFailed();
    const ceiling = Math.min(BACKOFF_MAX_MS, BACKOFF_MIN_MS * 2 ** this.#attempt);
    this.#attempt += 1;
    // Half of it at least, so that a restarted server is not met by everybody in the same moment.
    const wait = Math.max(BACKOFF_MIN_MS, ceiling / 2 + (ceiling / 2) * this.#world.random());
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.start();
    }, wait);
  }

  /** Lets go of the socket and its timers. */
  #forget(): WebSocket | undefined {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#saidHello = false;
    this.#isWelcome = false;
    this.#pings.clear();
    clearInterval(this.#ticker);
    clearTimeout(this.#limit);
    return socket;
  }

  #send(message: object): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }
}
