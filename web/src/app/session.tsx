// Who is signed in, and what they may.

import { type QueryClient, useQuery, useQueryClient } from '@tanstack/react-query';
import { createContext, type ReactNode, useCallback, useContext, useEffect, useState } from 'react';
import { api, body, onSessionOver, setCsrf } from '../api/client';
import { Refused } from '../api/refused';
import type { Me } from '../api/types';
import { useLocale } from '../i18n/I18n';

export type SessionState =
  | { readonly kind: 'loading' }
  /** The server did not answer; the session may well be there. */
  | { readonly kind: 'unreachable'; readonly retry: () => void }
  | { readonly kind: 'none' }
  /** `isOver`: it was there, and the page under the login dialog still shows what it showed. */
  | { readonly kind: 'signed_in'; readonly me: Me; readonly isOver: boolean };

interface SessionContextValue {
  readonly state: SessionState;
  readonly signedIn: (me: Me) => void;
  readonly signOut: () => Promise<void>;
}

const ME = ['me'];

const SessionContext = createContext<SessionContextValue | undefined>(undefined);

/** Asks the server who is there, once, and again whenever somebody signs in. */
export function SessionProvider({ children }: { children: ReactNode }) {
  const queries = useQueryClient();
  const { setLocale } = useLocale();
  const [isOver, setOver] = useState(false);
  const me = useQuery({ queryKey: ME, queryFn: readMe, staleTime: Infinity, retry: false });

  useEffect(() => onSessionOver(() => setOver(true)), []);
  const locale = me.data?.locale;
  useEffect(() => {
    if (locale) setLocale(locale);
  }, [locale, setLocale]);

  const signedIn = useCallback(
    (next: Me) => {
      setCsrf(next.csrf);
      const before = queries.getQueryData<Me | null>(ME);
      queries.setQueryData(ME, next);
      if (before && before.id !== next.id) forgetRows(queries);
      setOver(false);
    },
    [queries],
  );
  const signOut = useCallback(async () => {
    await api.POST('/auth/logout');
    queries.setQueryData(ME, null);
    forgetRows(queries);
  }, [queries]);

  const state = sessionState(me.data, me.isPending, isOver, () => void me.refetch());
  return <SessionContext value={{ state, signedIn, signOut }}>{children}</SessionContext>;
}

/** Another person's rows are nobody else's business. `ME` stays: the provider listens to that one. */
const forgetRows = (queries: QueryClient) =>
  queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== ME[0] });

export function useSessionState(): SessionContextValue {
  const value = useContext(SessionContext);
  if (!value) throw new Error('no SessionProvider above');
  return value;
}

/** The user, on screens that only a user gets to. */
export function useSession(): { me: Me; may: (right: string) => boolean } {
  const { state } = useSessionState();
  if (state.kind !== 'signed_in') throw new Error('shown without a session');
  const { me } = state;
  return { me, may: (right) => me.rights.includes(right) };
}

function sessionState(
  me: Me | null | undefined,
  isPending: boolean,
  isOver: boolean,
  retry: () => void,
): SessionState {
  if (me) return { kind: 'signed_in', me, isOver };
  if (me === null) return { kind: 'none' };
  return isPending ? { kind: 'loading' } : { kind: 'unreachable', retry };
}

async function readMe(): Promise<Me | null> {
  try {
    const me = await body(api.GET('/me'));
    setCsrf(me.csrf);
    return me;
  } catch (error) {
    if (error instanceof Refused && error.problem.status === 401) return null;
    throw error;
  }
}
