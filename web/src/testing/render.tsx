import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { render } from '@testing-library/react';
import type { ReactNode } from 'react';
import { I18n, type Locale } from '../i18n/I18n';

/** Renders a screen with a language and a cache of its own; `show` renders it again, changed. */
export function renderScreen(screen: ReactNode, locale: Locale = 'ru') {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const wrap = (it: ReactNode) => (
    <I18n initial={locale}>
      <QueryClientProvider client={client}>{it}</QueryClientProvider>
    </I18n>
  );
  const rendered = render(wrap(screen));
  return { ...rendered, client, show: (it: ReactNode) => rendered.rerender(wrap(it)) };
}
