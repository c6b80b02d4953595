import { Phone } from 'lucide-react';
import { useMemo } from 'react';
import type { Extension } from '../../api/types';
import { useSession } from '../../app/session';
import { useText } from '../../i18n/I18n';
import type { GridSpec } from '../../list/columns';
import { LocalScreen } from '../../list/LocalScreen';
import { useLive, useTopic } from '../../live/LiveContext';
import { LineBadge } from '../../ui/LineBadge';
import { useRemovedPhones } from './usePhones';

/** «Внутренние номера пользователей»: find the person, see the number and the state. */
export default function Extensions() {
  const t = useText();
  const { may } = useSession();
  useTopic('lines');
  const extensions = useLive((state) => state.extensions);
  const isLoaded = useLive((state) => state.hasExtensions);
  const rows = useMemo(() => [...extensions.values()], [extensions]);
  useRemovedPhones();

  const spec = useMemo<GridSpec<Extension>>(
    () => ({
      screen: 'extensions',
      period: undefined,
      columns: [
        {
          id: 'number',
          label: 'extensions.number',
          text: (it) => it.number,
          width: 120,
          sortField: 'number',
          isFixed: true,
        },
        {
          id: 'name',
          label: 'extensions.name',
          text: (it) => it.name ?? '',
          width: 320,
          sortField: 'name',
        },
        {
          id: 'status',
          label: 'extensions.state',
          text: (it) => t(`line_status.${it.status}`),
          render: (it) => <LineBadge status={it.status} />,
          width: 200,
          sortField: 'status',
        },
      ],
      filters: [],
      sort: [{ field: 'number', descending: false }],
      sortKeysMax: 2,
    }),
    [t],
  );

  return (
    <LocalScreen
      title={t('title.extensions')}
      spec={spec}
      rows={isLoaded ? rows : undefined}
      idOf={idOf}
      searchLabel={t('extensions.search')}
      emptyText={t('phones.empty')}
      canSeeJson={may('ui.json')}
      actionsFor={() => [
        {
          id: 'call',
          label: t('calls.call'),
          icon: Phone,
          isDisabled: true,
          hint: t('calls.noOriginate'),
          onPress: () => {},
        },
      ]}
    />
  );
}

const idOf = (it: Extension) => it.id;
