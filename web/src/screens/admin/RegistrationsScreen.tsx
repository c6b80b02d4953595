import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { ask } from '../../api/ask';
import type { Registration } from '../../api/types';
import { useSession } from '../../app/session';
import { useLocale, useText } from '../../i18n/I18n';
import type { GridSpec } from '../../list/columns';
import { moment } from '../../list/format';
import { LocalScreen } from '../../list/LocalScreen';
import { useFollow } from '../../live/useFollow';
import { ErrorState } from '../../ui/States';

/** Where each phone is reached, as of now. */
export default function RegistrationsScreen() {
  const t = useText();
  const { may } = useSession();
  const { locale } = useLocale();
  const key = ['admin', 'registrations'];
  const rows = useQuery({
    queryKey: key,
    queryFn: async () =>
      (await ask<{ items: Registration[] }>('get', '/admin/registrations')).items,
  });
  useFollow(key, 'registrations', 'registration.changed');

  const spec = useMemo<GridSpec<Registration>>(
    () => ({
      screen: 'admin.registrations',
      period: undefined,
      columns: [
        {
          id: 'number',
          label: 'admin.registrations.number',
          text: (it) => it.number,
          width: 100,
          sortField: 'number',
          isFixed: true,
        },
        {
          id: 'contact',
          label: 'admin.registrations.contact',
          text: (it) => it.contact,
          width: 210,
          isWide: true,
        },
        {
          id: 'agent',
          label: 'admin.registrations.agent',
          text: (it) => it.user_agent,
          width: 180,
          sortField: 'agent',
        },
        {
          id: 'transport',
          label: 'admin.registrations.transport',
          text: (it) => it.transport,
          width: 100,
          sortField: 'transport',
        },
        {
          id: 'address',
          label: 'admin.registrations.address',
          text: (it) => it.remote_address,
          width: 170,
        },
        {
          id: 'since',
          label: 'admin.registrations.since',
          text: (it) => moment(it.registered_at, locale),
          sortText: (it) => it.registered_at,
          width: 165,
          sortField: 'since',
        },
        {
          id: 'until',
          label: 'admin.registrations.until',
          text: (it) => moment(it.expires_at, locale),
          sortText: (it) => it.expires_at,
          width: 165,
          sortField: 'until',
        },
      ],
      filters: [],
      sort: [{ field: 'number', descending: false }],
      sortKeysMax: 2,
    }),
    [locale],
  );
  if (rows.isLoadingError)
    return <ErrorState error={rows.error} retry={() => void rows.refetch()} />;
  return (
    <LocalScreen
      title={t('admin.section.registrations')}
      spec={spec}
      rows={rows.data}
      idOf={(it) => `${it.number} ${it.contact}`}
      searchLabel={t('list.search')}
      emptyText={t('admin.registrations.empty')}
      canSeeJson={may('ui.json')}
    />
  );
}
