import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useEffect, useState, useSyncExternalStore } from 'react';
import { api, body, setCsrf } from '../../api/client';
import { Refused } from '../../api/refused';
import { useLocale, useText } from '../../i18n/I18n';
import { serverNow, subscribeToSeconds } from '../../live/clock';
import { connect } from '../../live/connect';
import { LiveProvider, useLive } from '../../live/LiveContext';
import type { Live } from '../../live/live';
import { Button } from '../../ui/Button';
import { PasswordField } from '../../ui/Field';
import { EmptyState, Skeleton, useRefusalText } from '../../ui/States';
import { pageOf, pagesOf } from './autofit';
import { Legend } from './Legend';
import { PhoneGrid } from './PhoneGrid';
import css from './phones.module.css';
import { useFreeCount, usePhones, useStaleSince } from './usePhones';

/** How long a page of a wall with too many phones stays, milliseconds. */
const PAGE_TIME = 15_000;

/** `/wall`: the phones of the domain on a big screen; signed in by a token, looked at only. */
export function WallPage() {
  const queries = useQueryClient();
  const [live, setLive] = useState<Live>();
  const { failure, isAsking, signIn } = useTokenLogin(() =>
    setLive(connect(queries, { bootstrap: false })),
  );
  useDark();
  useWakeLock();

  if (!live) return <TokenForm failure={failure} isAsking={isAsking} onToken={signIn} />;
  return (
    <LiveProvider live={live}>
      <Wall />
    </LiveProvider>
  );
}

/** The wall itself. */
export function Wall({ pageTime = PAGE_TIME }: { readonly pageTime?: number }) {
  const t = useText();
  const phones = usePhones();
  const free = useFreeCount();
  const staleSince = useStaleSince();
  const isLoaded = useLive((state) => state.hasExtensions);
  const page = usePage(pagesOf(phones.length), pageTime);
  useReloadOnNewVersion();
  const { locale } = useLocale();
  const shown = useShown(phones, page);
  const hasGlyphs = new URLSearchParams(globalThis.location.search).get('glyphs') !== '0';

  return (
    <main className={css.wall}>
      <header className={css.wallBar}>
        <h1 className="visually-hidden">{t('title.phone_panel')}</h1>
        <span className={css.free}>{t('phones.free', { free, total: phones.length })}</span>
        <Legend />
        {pagesOf(phones.length) > 1 && <span>{`${page + 1} / ${pagesOf(phones.length)}`}</span>}
        <Clock />
      </header>
      {!isLoaded ? (
        <Skeleton rows={6} />
      ) : phones.length === 0 ? (
        <EmptyState>{t('phones.empty')}</EmptyState>
      ) : (
        <PhoneGrid
          phones={shown}
          label={t('title.phone_panel')}
          gap={2}
          hasGlyphs={hasGlyphs}
          isStale={staleSince !== undefined}
        />
      )}
      {staleSince !== undefined && (
        <p className={css.lost} role="alert">
          {t('phones.lost', { time: hoursAndMinutes(staleSince, locale) })}
        </p>
      )}
    </main>
  );
}

function Clock() {
  const { locale } = useLocale();
  const text = useSyncExternalStore(subscribeToSeconds, () => hoursAndMinutes(serverNow(), locale));
  return <span className={css.clock}>{text}</span>;
}

function TokenForm({
  failure,
  isAsking,
  onToken,
}: {
  readonly failure: unknown;
  readonly isAsking: boolean;
  readonly onToken: (token: string) => void;
}) {
  const t = useText();
  const says = useRefusalText();
  const [token, setToken] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onToken(token.trim());
  };
  return (
    <main className={css.wall} style={{ cursor: 'auto' }}>
      {isAsking ? null : (
        <form className={css.token} onSubmit={submit}>
          <h1>{t('title.phone_panel')}</h1>
          <PasswordField
            label={t('phones.token')}
            value={token}
            onChange={setToken}
            isRequired
            autoFocus
            error={failure === undefined ? undefined : says(failure)}
          />
          <Button kind="primary" type="submit" isDisabled={token.trim() === ''}>
            {t('phones.show')}
          </Button>
        </form>
      )}
    </main>
  );
}

/** Tries the token of the address, else the session that is there; then asks for a token. */
function useTokenLogin(onIn: () => void) {
  const [failure, setFailure] = useState<unknown>();
  const [isAsking, setAsking] = useState(true);

  const signIn = async (token: string) => {
    setAsking(true);
    try {
      const me = await body(api.POST('/auth/wall', { body: { token } }));
      setCsrf(me.csrf);
      onIn();
    } catch (error) {
      setFailure(error);
      setAsking(false);
    }
  };

  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when the page opens
  useEffect(() => {
    const token = takeToken();
    if (token !== undefined) {
      void signIn(token);
      return;
    }
    body(api.GET('/me')).then(onIn, (error) => {
      if (error instanceof Refused && error.code !== 'unauthenticated') setFailure(error);
      setAsking(false);
    });
  }, []);

  return { failure, isAsking, signIn };
}

/** A token is not left standing in the address, where a photograph of the wall would show it. */
function takeToken(): string | undefined {
  const url = new URL(globalThis.location.href);
  const token =
    new URLSearchParams(url.hash.slice(1)).get('token') ?? url.searchParams.get('token');
  if (!token) return undefined;
  url.hash = '';
  url.searchParams.delete('token');
  globalThis.history.replaceState(globalThis.history.state, '', url);
  return token;
}

function useShown<T>(phones: readonly T[], page: number): readonly T[] {
  const [shown, setShown] = useState({ phones, page, items: pageOf(phones, page) });
  if (shown.phones !== phones || shown.page !== page) {
    setShown({ phones, page, items: pageOf(phones, page) });
  }
  return shown.items;
}

function usePage(pages: number, pageTime: number): number {
  const [page, setPage] = useState(0);
  useEffect(() => {
    if (pages < 2) return undefined;
    const timer = setInterval(() => setPage((it) => it + 1), pageTime);
    return () => clearInterval(timer);
  }, [pages, pageTime]);
  return page % pages;
}

function useDark(): void {
  useEffect(() => {
    const { dataset } = document.documentElement;
    const before = dataset.theme;
    dataset.theme = 'dark';
    return () => {
      if (before === undefined) delete dataset.theme;
      else dataset.theme = before;
    };
  }, []);
}

/** The browser lets go of the lock whenever the window is hidden. */
function useWakeLock(): void {
  useEffect(() => {
    const lock = () => {
      if (!document.hidden) navigator.wakeLock?.request('screen').catch(() => undefined);
    };
    lock();
    document.addEventListener('visibilitychange', lock);
    return () => document.removeEventListener('visibilitychange', lock);
  }, []);
}

/** After each loss of the connection: whether the server now serves another panel than this one. */
function useReloadOnNewVersion(): void {
  const resyncs = useLive((state) => state.resyncs);
  useEffect(() => {
    if (resyncs === 0) return;
    fetch(new Request(new URL('/wall', globalThis.location.href)))
      .then((response) => response.text())
      .then((page) => {
        if (isAnotherPanel(page)) globalThis.location.reload();
      })
      .catch(() => undefined);
  }, [resyncs]);
}

/** The built scripts carry a hash of their contents in their names. */
function isAnotherPanel(page: string): boolean {
  const script = document.querySelector<HTMLScriptElement>('script[type="module"][src]');
  const name = script && new URL(script.src).pathname;
  return Boolean(name) && page.includes('<script') && !page.includes(name ?? '');
}

function hoursAndMinutes(at: number, locale: string): string {
  return new Intl.DateTimeFormat(locale, {
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).format(at);
}
