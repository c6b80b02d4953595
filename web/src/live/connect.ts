// The live connection of this window, over the real API.

import type { QueryClient } from '@tanstack/react-query';
import { announceSessionOver, api, body } from '../api/client';
import { learnServerTime } from './clock';
import { Live } from './live';

const TAB = 'tandem.tab';

/** Connects on start. `bootstrap: false` for a session that may see topics only, as a wall display. */
export function connect(queries: QueryClient, { bootstrap }: { bootstrap: boolean }): Live {
  const { protocol, host } = window.location;
  return new Live({
    url: `${protocol === 'https:' ? 'wss' : 'ws'}://${host}/api/v1/events`,
    tab: tabId(),
    snapshots: {
      ...(bootstrap && { bootstrap: readBootstrap }),
      extensions: () => body(api.GET('/extensions')),
      calls: () => body(api.GET('/calls/active')),
      probe: () => body(api.GET('/me')),
    },
    onSessionOver: announceSessionOver,
    onResync: () => void queries.invalidateQueries(),
  });
}

async function readBootstrap() {
  const { data, response } = await api.GET('/bootstrap');
  const date = response.headers.get('Date');
  if (date) learnServerTime(Date.parse(date));
  if (!data) throw new Error('the server sent no bootstrap');
  return data;
}

/** Of this tab, kept over a reload: the server tells two windows of one user apart by it. */
function tabId(): string {
  const known = sessionStorage.getItem(TAB);
  if (known) return known;
  const made = Array.from(crypto.getRandomValues(new Uint8Array(12)), (it) =>
    it.toString(16).padStart(2, '0'),
  ).join('');
  sessionStorage.setItem(TAB, made);
  return made;
}
