// What goes over the event socket. Frames of unknown types pass: an older panel meets a newer server.

import type { ActiveCall, LineStatus } from '../api/types';

/** One event of the server. */
export interface Frame {
  /** Grows; not without gaps, since each connection gets its own topics only. */
  readonly s: number;
  /** Type. */
  readonly t: string;
  /** The entity that it is about, such as `line:ID`. */
  readonly k: string;
  /** When it happened. */
  readonly at: string;
  /** Data, by type. */
  readonly d: unknown;
}

export interface LineStatusData {
  readonly id: string;
  readonly number: string;
  readonly status: LineStatus;
  readonly since: string;
}

/** A line that is new, or has another number, name, owner or workplace. */
export interface LineChangedData extends LineStatusData {
  readonly name: string;
  readonly user_id: string | null;
  /** Number of the line at whose phones it is signed in. */
  readonly workplace: string | null;
}

/** What the server keeps for the user: a key of `/me/settings`, or `locale`. */
export interface SettingChangedData {
  readonly key: string;
  /** Null once it is forgotten. */
  readonly value: unknown;
}

/** Data of the types that the store itself understands. */
export interface FrameData {
  'line.status': LineStatusData;
  'line.changed': LineChangedData;
  'line.removed': { readonly id: string; readonly number: string };
  'call.updated': ActiveCall;
  'call.ended': { readonly id: string; readonly ended_at: string };
}

export type Topic = 'lines' | 'calls' | 'registrations' | 'admin' | 'alarms';

export type ServerMessage =
  | {
      readonly kind: 'welcome';
      readonly resumed: boolean;
      readonly seq: number;
      readonly server: string;
    }
  | { readonly kind: 'frames'; readonly frames: readonly Frame[] }
  | { readonly kind: 'subbed'; readonly topic: string }
  | { readonly kind: 'refused'; readonly topic: string; readonly code: string }
  | { readonly kind: 'ping'; readonly n: number }
  | { readonly kind: 'pong'; readonly n: number };

/** Why the server closes the socket. */
export const CLOSE = {
  sessionOver: 4001,
  takenOver: 4002,
  restarting: 4003,
  changed: 4004,
  tooSlow: 4008,
} as const;

/** Reads one message; nothing when it is of a kind that this panel does not know. */
export function parse(text: string): ServerMessage | undefined {
  const message: unknown = JSON.parse(text);
  if (!isRecord(message)) return undefined;
  if (isFrame(message)) return { kind: 'frames', frames: [message] };
  if (Array.isArray(message.b)) return { kind: 'frames', frames: message.b.filter(isFrame) };
  if (isRecord(message.welcome)) {
    const { resumed, seq, server } = message.welcome;
    return {
      kind: 'welcome',
      resumed: resumed === true,
      seq: Number(seq),
      server: String(server),
    };
  }
  if (typeof message.subbed === 'string') return { kind: 'subbed', topic: message.subbed };
  if (isRecord(message.refused)) {
    return {
      kind: 'refused',
      topic: String(message.refused.sub),
      code: String(message.refused.code),
    };
  }
  if (typeof message.ping === 'number') return { kind: 'ping', n: message.ping };
  if (typeof message.pong === 'number') return { kind: 'pong', n: message.pong };
  return undefined;
}

const isRecord = (it: unknown): it is Record<string, unknown> =>
  typeof it === 'object' && it !== null;

function isFrame(it: unknown): it is Frame {
  return isRecord(it) && typeof it.s === 'number' && typeof it.t === 'string';
}
