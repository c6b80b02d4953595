import { act, waitFor } from '@testing-library/react';
import type { ReactNode } from 'react';
import { expect } from 'vitest';
import type { ActiveCall, Bootstrap, Extension, Me } from '../api/types';
import { SessionProvider, useSessionState } from '../app/session';
import type { Locale } from '../i18n/I18n';
import { LiveProvider } from '../live/LiveContext';
import { Live } from '../live/live';
import { LiveStore } from '../live/store';
import { FakeSocket } from './FakeSocket';
import type { FakeServer } from './fakeServer';
import { renderScreen } from './render';

/** The live side of a test: what the server says by itself. */
export interface LiveHandle {
  /** One event. */
  says(type: string, key: string, data: unknown): Promise<void>;
  /** The connection breaks, and further ones are not welcomed. */
  breaks(): Promise<void>;
  /** It is there again, and what was said meanwhile is lost. */
  comesBack(): Promise<void>;
  readonly sockets: readonly FakeSocket[];
  readonly unmount: () => void;
}

interface World {
  readonly rights?: readonly string[];
  readonly locale?: Locale;
  readonly extensions?: readonly Extension[];
  readonly calls?: readonly ActiveCall[];
}

/** Renders a screen for a signed-in user with a live connection that is open. */
export async function renderLive(
  server: FakeServer,
  screen: ReactNode,
  world: World = {},
): Promise<LiveHandle> {
  const locale = world.locale ?? 'ru';
  server.on('GET /api/v1/me', () => me(world.rights ?? [], locale));
  const sockets: FakeSocket[] = [];
  const live = new Live({
    url: 'ws://test/events',
    tab: 'tab-1',
    snapshots: {
      bootstrap: async () => bootstrap(me(world.rights ?? [], locale)),
      extensions: async () => ({ seq: 10, items: [...(world.extensions ?? [])] }),
      calls: async () => ({ seq: 10, items: [...(world.calls ?? [])] }),
      probe: async () => {},
    },
    onSessionOver: () => {},
    onResync: () => void client.invalidateQueries(),
    store: new LiveStore((commit) => commit()),
    world: {
      open: () => {
        sockets.push(new ObligingSocket());
        return sockets.at(-1) as unknown as WebSocket;
      },
      random: () => 1,
      now: Date.now,
    },
  });
  const { unmount, client } = renderScreen(
    <SessionProvider>
      <LiveProvider live={live}>
        <SignedInOnly>{screen}</SignedInOnly>
      </LiveProvider>
    </SessionProvider>,
    locale,
  );
  await act(async () => sockets[0]?.welcomes({ resumed: false, seq: 10 }));
  let seq = 10;

  return {
    sockets,
    unmount,
    says: (type, key, data) =>
      act(async () => {
        seq += 1;
        sockets.at(-1)?.says({ s: seq, t: type, k: key, at: '2025-11-24T12:00:00Z', d: data });
      }),
    breaks: () => act(async () => sockets.at(-1)?.ends()),
    comesBack: async () => {
      const before = sockets.length;
      await waitFor(() => expect(sockets.length).toBeGreaterThan(before), { timeout: 30_000 });
      seq += 10;
      await act(async () => sockets.at(-1)?.welcomes({ resumed: false, seq }));
    },
  };
}

/** Grants every topic that is asked for. */
class ObligingSocket extends FakeSocket {
  override send(text: string): void {
    super.send(text);
    const { sub } = JSON.parse(text);
    if (sub !== undefined) queueMicrotask(() => this.says({ subbed: sub }));
  }
}

function SignedInOnly({ children }: { readonly children: ReactNode }) {
  return useSessionState().state.kind === 'signed_in' ? children : null;
}

function me(rights: readonly string[], locale: Locale): Me {
  return {
    id: 'u1',
    login: 'operator1',
    name: 'Оператор Первый',
    email: null,
    position: null,
    product: 'Tandem',
    domain: { id: 'd1', name: 'demo.tandem.test' },
    locale,
    roles: [],
    rights: [...rights],
    products: [],
    csrf: 'token',
  };
}

function bootstrap(user: Me): Bootstrap {
  return { seq: 10, me: user, menu: [], lines: [], calls: [] };
}
