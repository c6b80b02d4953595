import { notifyManager, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Refused } from './api/refused';
import { startAppearance } from './app/appearance';
import { router } from './app/router';
import { SessionProvider } from './app/session';
import { I18n } from './i18n/I18n';
import './tokens.css';
import './base.css';
import { ConfirmProvider } from './ui/Confirm';
import { NotificationToasts } from './ui/NotificationToast';

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no #root');

// What a click changes is seen before anything is drawn: a box that was ticked does not flicker.
notifyManager.setScheduler(queueMicrotask);

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      // A refusal stays one; only a server that cannot be reached is asked again.
      retry: (count, error) => error instanceof Refused && error.problem.status === 0 && count < 3,
      staleTime: 10_000,
      refetchOnWindowFocus: false,
    },
  },
});

startAppearance();
createRoot(root).render(
  <StrictMode>
    <I18n>
      <QueryClientProvider client={queries}>
        <SessionProvider>
          <ConfirmProvider>
            <RouterProvider router={router} />
            <NotificationToasts />
          </ConfirmProvider>
        </SessionProvider>
      </QueryClientProvider>
    </I18n>
  </StrictMode>,
);
