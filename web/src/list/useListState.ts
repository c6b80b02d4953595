import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useRef, useState } from 'react';
import { adoptSetting, keepSetting, useSettings } from '../api/settings';
import {
  fromSaved,
  isListQuery,
  type ListSpec,
  type ListState,
  toQuery,
  toSaved,
  withQuery,
} from './state';

/** How long a list must be left alone before its state is kept on the server, milliseconds. */
const SAVE_PAUSE = 800;

/**
 * The state of one list: from the address, else as the person left it, else as the screen begins.
 * `undefined` until the server has said how it was left.
 */
export function useListState(
  spec: ListSpec,
): [ListState, (state: ListState) => void] | [undefined, undefined] {
  const settings = useSettings();
  const [state, setState] = useState<ListState>();
  const save = useSave(spec);

  // A list whose settings cannot be read begins as if there were none.
  if (state === undefined && !settings.isPending) {
    setState(beginning(spec, settings.data?.[`list.${spec.screen}`]));
  }

  useEffect(() => {
    if (state) writeAddress(toQuery(state, spec));
  }, [state, spec]);

  const change = useCallback(
    (next: ListState) => {
      setState(next);
      save(next);
    },
    [save],
  );

  return state === undefined ? [undefined, undefined] : [state, change];
}

/** What the address says goes over what was saved; the columns are always as they were saved. */
function beginning(spec: ListSpec, saved: unknown): ListState {
  const query = new URLSearchParams(globalThis.location.search);
  const kept = fromSaved(spec, saved);
  if (!isListQuery(query)) return kept;
  return { ...withQuery(fromSaved(spec, undefined), spec, query), columns: kept.columns };
}

/** Keeps other parameters of the address, and makes no new entry in the history. */
function writeAddress(query: URLSearchParams): void {
  const url = new URL(globalThis.location.href);
  for (const key of [...url.searchParams.keys()]) {
    if (isListQuery(new URLSearchParams([[key, '']]))) url.searchParams.delete(key);
  }
  for (const [key, value] of query) url.searchParams.set(key, value);
  if (url.href !== globalThis.location.href) {
    globalThis.history.replaceState(globalThis.history.state, '', url);
  }
}

function useSave(spec: ListSpec): (state: ListState) => void {
  const client = useQueryClient();
  const waiting = useRef<{ timer: ReturnType<typeof setTimeout>; run: () => void }>(undefined);

  // A screen that is left keeps what was set a moment before.
  useEffect(
    () => () => {
      clearTimeout(waiting.current?.timer);
      waiting.current?.run();
    },
    [],
  );

  return useCallback(
    (state) => {
      const key = `list.${spec.screen}`;
      const saved = toSaved(state, spec);
      adoptSetting(client, key, saved);
      clearTimeout(waiting.current?.timer);
      const run = () => {
        waiting.current = undefined;
        keepSetting(key, saved);
      };
      waiting.current = { timer: setTimeout(run, SAVE_PAUSE), run };
    },
    [client, spec],
  );
}
