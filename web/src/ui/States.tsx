// What a screen shows instead of its contents: nothing there, not allowed, failed, still loading.

import type { UseQueryResult } from '@tanstack/react-query';
import { Inbox, type LucideIcon, RefreshCw, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { Refused } from '../api/refused';
import { useText } from '../i18n/I18n';
import { Button } from './Button';
import styles from './States.module.css';

interface EmptyProps {
  readonly icon?: LucideIcon;
  /** One sentence. */
  readonly children: ReactNode;
  /** One thing to do about it. */
  readonly action?: ReactNode;
}

/** There is nothing here, and why. */
export function EmptyState({ icon: Icon = Inbox, children, action }: EmptyProps) {
  return (
    <div className={styles.state}>
      <Icon size={28} aria-hidden className={styles.icon} />
      <p>{children}</p>
      {action}
    </div>
  );
}

/** What went wrong, in words, with its code to pass on; and another try where that can help. */
export function ErrorState({ error, retry }: { error: unknown; retry?: () => void }) {
  const t = useText();
  const says = useRefusalText();
  const code = error instanceof Refused ? error.code : 'unknown';

  return (
    <div className={styles.state} role="alert">
      <TriangleAlert size={28} aria-hidden className={styles.icon} />
      <p>{says(error)}</p>
      <p className={styles.code}>{t('error.code', { code })}</p>
      {retry && code !== 'forbidden' && (
        <Button icon={RefreshCw} onPress={retry}>
          {t('error.retry')}
        </Button>
      )}
    </div>
  );
}

/** Grey lines where rows will be; appears only if the wait is long enough to notice. */
export function Skeleton({ rows = 3 }: { rows?: number }) {
  const t = useText();
  return (
    <div className={styles.skeleton} role="status" aria-label={t('state.loading')}>
      {Array.from({ length: rows }, (_, n) => `row-${n}`).map((key) => (
        <span key={key} />
      ))}
    </div>
  );
}

interface LoadedProps<T> {
  readonly query: UseQueryResult<T>;
  /** Lines of the outline that is shown until then. */
  readonly rows?: number;
  readonly children: (data: T) => ReactNode;
}

/** What a query reads, once it is there; why it is not, where it cannot be read. */
export function Loaded<T>({ query, rows = 3, children }: LoadedProps<T>) {
  if (query.isLoadingError) {
    return <ErrorState error={query.error} retry={() => void query.refetch()} />;
  }
  return query.data === undefined ? <Skeleton rows={rows} /> : children(query.data);
}

/** Says a refusal in the user's language: the server's words, or ours when it could not be asked. */
export function useRefusalText(): (error: unknown) => string {
  const t = useText();
  return (error) => {
    if (!(error instanceof Refused)) return t('error.unexpected');
    switch (error.code) {
      case 'unreachable':
        return t('error.unreachable');
      case 'forbidden':
        return t('error.forbidden');
      case 'unknown':
        return t('error.server');
      default:
        return error.problem.detail ?? error.problem.title;
    }
  };
}
