import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useRef } from 'react';
import { useIntl } from 'react-intl';
import { api, body } from '../../api/client';
import { useText } from '../../i18n/I18n';
import { Badge } from '../../ui/Badge';
import { Button } from '../../ui/Button';
import { useConfirm } from '../../ui/Confirm';
import { ErrorState, Skeleton, useRefusalText } from '../../ui/States';
import { toast } from '../../ui/toasts';
import styles from './Profile.module.css';
import { browserOf } from './userAgent';

/** «Сеансы»: where the user is signed in; any but this one can be ended from here. */
export function Sessions() {
  const t = useText();
  const intl = useIntl();
  const says = useRefusalText();
  const confirm = useConfirm();
  const queries = useQueryClient();
  const card = useRef<HTMLElement>(null);
  const sessions = useQuery({
    queryKey: ['sessions'],
    queryFn: () => body(api.GET('/me/sessions')),
  });
  const end = useMutation({
    mutationFn: (id: string) => api.DELETE('/me/sessions/{id}', { params: { path: { id } } }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['sessions'] });
      // The button that was pressed is gone.
      card.current?.focus();
    },
    onError: (error) => toast(says(error), 'missed'),
  });
  const ask = async (id: string, browser: string) => {
    if (await confirm({ text: t('sessions.endQuestion', { browser }), isDangerous: true })) {
      end.mutate(id);
    }
  };
  const when = (at: string) => intl.formatDate(at, { dateStyle: 'short', timeStyle: 'short' });

  return (
    <section ref={card} tabIndex={-1} className={styles.card} aria-labelledby="profile-sessions">
      <h2 id="profile-sessions">{t('sessions.title')}</h2>
      {sessions.isPending && <Skeleton />}
      {sessions.isLoadingError && (
        <ErrorState error={sessions.error} retry={() => void sessions.refetch()} />
      )}
      {sessions.data && (
        <table className={styles.table}>
          <thead>
            <tr>
              <th scope="col">{t('sessions.device')}</th>
              <th scope="col">{t('sessions.since')}</th>
              <th scope="col">{t('sessions.lastSeen')}</th>
              <th scope="col">
                <span className="visually-hidden">{t('sessions.action')}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {sessions.data.items.map((it) => (
              <tr key={it.id}>
                <td className={styles.who} title={it.user_agent}>
                  <strong>{browserOf(it.user_agent)}</strong>
                  {it.ip}
                </td>
                <td>{when(it.created_at)}</td>
                <td>{when(it.last_seen_at)}</td>
                <td>
                  {it.is_current ? (
                    <Badge tone="ready">{t('sessions.current')}</Badge>
                  ) : (
                    <Button onPress={() => void ask(it.id, browserOf(it.user_agent))}>
                      {t('sessions.end')}
                    </Button>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
