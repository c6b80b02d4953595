// What the server keeps for the user: read once, changed by whoever changes it here.

import { type QueryClient, useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback } from 'react';
import { api, body } from './client';

const KEY = ['settings'] as const;

/** All settings of the user; another browser's changes come with the next load of the page. */
export function useSettings() {
  return useQuery({
    queryKey: KEY,
    queryFn: () => body(api.GET('/me/settings')),
    staleTime: Number.POSITIVE_INFINITY,
    retry: 1,
  });
}

/** Shows a setting as kept to whoever reads it on this page. */
export function adoptSetting(client: QueryClient, key: string, value: unknown): void {
  client.setQueryData<Record<string, unknown>>(KEY, (all) => ({ ...all, [key]: value }));
}

/** Has the server keep a setting. The request outlives the page, which may be closed or loaded anew at once. */
export function putSetting(key: string, value: unknown) {
  return api.PUT('/me/settings/{key}', {
    params: { path: { key } },
    body: value as never,
    keepalive: true,
  });
}

/** The same of one that works without being remembered. */
export function keepSetting(key: string, value: unknown): void {
  putSetting(key, value).catch(() => undefined);
}

/** A switch as the user left it, `initial` until somebody turns it; and how to turn it. */
export function useSwitch(key: string, initial: boolean): [boolean, (isOn: boolean) => void] {
  const client = useQueryClient();
  const kept = useSettings().data?.[key];
  const turn = useCallback(
    (isOn: boolean) => {
      adoptSetting(client, key, isOn);
      keepSetting(key, isOn);
    },
    [client, key],
  );
  return [typeof kept === 'boolean' ? kept : initial, turn];
}
