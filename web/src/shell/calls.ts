// The user's own live calls, and who is at their other end.

import { useMemo } from 'react';
import { api } from '../api/client';
import type { ActiveCall, Line } from '../api/types';
import { useLive } from '../live/LiveContext';
import { isOf } from '../live/store';

/** Calls that a line of the user's takes part in, oldest first. */
export function useOwnCalls(): readonly ActiveCall[] {
  const calls = useLive((it) => it.calls);
  const lines = useLive((it) => it.myLines);
  return useMemo(() => ownCalls(calls.values(), lines), [calls, lines]);
}

export function ownCalls(calls: Iterable<ActiveCall>, lines: readonly Line[]): ActiveCall[] {
  const mine = new Set(lines.map((it) => it.id));
  return [...calls]
    .filter((it) => isOf(it, mine))
    .sort((a, b) => a.started_at.localeCompare(b.started_at));
}

/** The other side of a call, as seen from one of `lines`. */
export function otherSide(
  call: ActiveCall,
  lines: readonly Line[],
): { number: string; name: string | null } {
  const mine = new Set(lines.map((it) => it.id));
  const isMine = (id: string | null) => id !== null && mine.has(id);
  const callee = call.legs.find((it) => it.role === 'callee' && it.state !== 'ended');
  const caller = call.legs.find((it) => it.role === 'caller');
  if (caller && isMine(caller.line_id)) {
    return callee && !isMine(callee.line_id)
      ? { number: callee.number, name: callee.name }
      : { number: call.dialled, name: null };
  }
  return call.caller;
}

/** When what a timer shows began: the talk, else the ringing. */
export const timerOf = (call: ActiveCall): string => call.answered_at ?? call.started_at;

/** «Завершить». The call goes away when the server says so. */
export const hangUp = (call: ActiveCall): Promise<unknown> =>
  api.POST('/calls/{id}/hangup', { params: { path: { id: call.id } } });

/** «Запись», or «Стоп запись» while it is recorded. */
export const toggleRecording = (call: ActiveCall): Promise<unknown> =>
  api.POST('/calls/{id}/recording', {
    params: { path: { id: call.id } },
    body: { action: call.recording === 'off' ? 'start' : 'stop' },
  });
