import { useNavigate, useParams } from '@tanstack/react-router';
import { useEffect } from 'react';
import type { ActiveCall } from '../api/types';
import { useRefusalText } from '../ui/States';
import { toast } from '../ui/toasts';
import { hangUp, toggleRecording, useOwnCalls } from './calls';
import { isPressed, openSearch, openShortcuts, SHORTCUTS } from './shortcuts';

/** The keys of the workspace, wherever the focus is. */
export function useShortcuts(): void {
  const navigate = useNavigate();
  const says = useRefusalText();
  const calls = useOwnCalls();
  const { id } = useParams({ strict: false });

  useEffect(() => {
    const toCall = (step: number) => {
      if (calls.length === 0) return;
      const at = calls.findIndex((it) => it.id === id);
      const from = at === -1 && step < 0 ? 0 : at;
      const next = calls[(from + step + calls.length) % calls.length];
      if (next) void navigate({ to: '/workspace/call/$id', params: { id: next.id } });
    };
    // The call in front of the user, if the server lets it be done to it.
    const toOwnCall = async (action: string, act: (call: ActiveCall) => Promise<unknown>) => {
      const call = calls.find((it) => it.id === id) ?? calls.find((it) => it.state === 'talking');
      const target = call ?? calls[0];
      if (!target?.actions.includes(action)) return;
      try {
        await act(target);
      } catch (error) {
        toast(says(error), 'missed');
      }
    };
    const actions: [keyof typeof SHORTCUTS, () => void][] = [
      ['search', openSearch],
      ['help', openShortcuts],
      ['hangup', () => void toOwnCall('hangup', hangUp)],
      ['record', () => void toOwnCall('record', toggleRecording)],
      ['nextTab', () => toCall(1)],
      ['previousTab', () => toCall(-1)],
    ];
    const listener = (event: KeyboardEvent) => {
      const action = actions.find(([name]) => isPressed(SHORTCUTS[name], event))?.[1];
      if (!action) return;
      event.preventDefault();
      action();
    };
    window.addEventListener('keydown', listener);
    return () => window.removeEventListener('keydown', listener);
  }, [calls, id, navigate, says]);
}
