import { useNavigate } from '@tanstack/react-router';
import { type LucideIcon, Mail, MessageSquareText, PanelRightOpen, PhoneCall } from 'lucide-react';
import { useMemo, useState } from 'react';
import { api, body } from '../../api/client';
import type { Interaction } from '../../api/types';
import { useSession } from '../../app/session';
import { type TextId, useLocale, useText } from '../../i18n/I18n';
import type { GridSpec } from '../../list/columns';
import { moment } from '../../list/format';
import { ListScreen } from '../../list/ListScreen';
import type { FetchRows } from '../../list/usePages';
import { useNewCalls } from '../calls/CallsScreen';
import { InteractionCard } from './InteractionCard';
import css from './interactions.module.css';

/** «Мои взаимодействия»: one archive over all channels; so far calls are what there is. */
export default function InteractionsScreen() {
  const t = useText();
  const { may } = useSession();
  const navigate = useNavigate();
  const spec = useInteractionsSpec();
  const watch = useNewCalls<Interaction>();
  const [opened, setOpened] = useState<Interaction>();
  const openSource = (row: Interaction) => {
    if (row.call_id === null) return;
    void navigate({ to: '/workspace/my_calls/$id', params: { id: row.call_id } });
  };

  return (
    <ListScreen
      title={t('title.interactions')}
      spec={spec}
      idOf={idOf}
      fetchRows={fetchInteractions}
      watch={watch}
      searchLabel={t('interactions.search')}
      emptyText={t('interactions.empty')}
      canSeeJson={may('ui.json')}
      onOpen={setOpened}
      onCloseCard={() => setOpened(undefined)}
      onOpenFull={openSource}
      actionsFor={(rows) => [
        {
          id: 'card',
          label: t('interactions.open'),
          icon: PanelRightOpen,
          isDisabled: rows.length !== 1,
          onPress: () => setOpened(rows[0]),
        },
      ]}
      card={
        opened && (
          <InteractionCard
            interaction={opened}
            onClose={() => setOpened(undefined)}
            onExpand={() => openSource(opened)}
          />
        )
      }
    />
  );
}

function useInteractionsSpec(): GridSpec<Interaction> {
  const t = useText();
  const { locale } = useLocale();
  return useMemo(
    () => ({
      screen: 'interactions',
      period: 'today',
      columns: [
        {
          id: 'time',
          label: 'calls.time',
          text: (it) => moment(it.at, locale),
          width: 166,
          sortField: 'time',
          isFixed: true,
        },
        {
          id: 'channel',
          label: 'interactions.channel',
          text: (it) => t(channelLabel(it.channel)),
          render: (it) => (
            <span className={css.channel}>
              <ChannelIcon channel={it.channel} />
              {t(channelLabel(it.channel))}
            </span>
          ),
          width: 166,
        },
        {
          id: 'description',
          label: 'interactions.description',
          text: (it) => it.description,
          width: 180,
          isWide: true,
        },
        {
          id: 'operators',
          label: 'interactions.operators',
          text: (it) => it.operators.join(', '),
          width: 150,
          isWide: true,
        },
        {
          id: 'service',
          label: 'interactions.service',
          text: (it) => it.service ?? '',
          width: 100,
        },
      ],
      filters: [
        { id: 'service', label: 'interactions.service' },
        {
          id: 'channel',
          label: 'interactions.channel',
          options: CHANNELS,
          optionLabel: (code) => t(channelLabel(code)),
        },
      ],
      sort: [{ field: 'time', descending: true }],
      sortKeysMax: 1,
    }),
    [t, locale],
  );
}

/** As the server names them; until chats and mails come, there are calls only. */
const CHANNELS = ['call', 'messenger', 'email'] as const;

type Channel = (typeof CHANNELS)[number];

const ICONS: Readonly<Record<Channel, LucideIcon>> = {
  call: PhoneCall,
  messenger: MessageSquareText,
  email: Mail,
};

function ChannelIcon({ channel }: { readonly channel: string }) {
  const Icon = ICONS[channel as Channel] ?? PhoneCall;
  return <Icon size={14} aria-hidden />;
}

const channelLabel = (channel: string): TextId => `interactions.channel.${channel as Channel}`;

const idOf = (row: Interaction) => row.id;

const fetchInteractions: FetchRows<Interaction> = (query, signal) =>
  body(api.GET('/interactions', { params: { query }, signal }));
