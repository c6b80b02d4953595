import { useNavigate } from '@tanstack/react-router';
import { ClipboardCheck, PanelRightOpen, Phone, Play } from 'lucide-react';
import { useCallback, useRef, useState } from 'react';
import { api, body } from '../../api/client';
import type { CallRow } from '../../api/types';
import { useSession } from '../../app/session';
import { useText } from '../../i18n/I18n';
import { ListScreen } from '../../list/ListScreen';
import type { Action } from '../../list/OverflowBar';
import type { Pages } from '../../list/pages';
import type { FetchRows } from '../../list/usePages';
import { useLiveConnection, useTopic } from '../../live/LiveContext';
import { CallDrawer } from './CallDrawer';
import { useCallsSpec } from './useCallsSpec';

/** «Мои разговоры»: the archive of calls, which a new call enters by itself. */
export default function CallsScreen() {
  const t = useText();
  const { may } = useSession();
  const navigate = useNavigate();
  const spec = useCallsSpec();
  const watch = useNewCalls<CallRow>();
  const [opened, setOpened] = useState<string>();
  const [played, setPlayed] = useState<string>();
  const play = (id: string | undefined) => {
    setPlayed(id);
    setOpened(id);
  };

  return (
    <ListScreen
      title={t('title.my_calls')}
      spec={spec}
      idOf={idOf}
      fetchRows={fetchCalls}
      watch={watch}
      searchLabel={t('calls.search')}
      emptyText={t('calls.empty')}
      canSeeJson={may('ui.json')}
      onOpen={(row) => setOpened(row.id)}
      onCloseCard={() => setOpened(undefined)}
      onOpenFull={(row) => void navigate({ to: '/workspace/my_calls/$id', params: { id: row.id } })}
      actionsFor={(rows) => [
        ...callActions(t, rows, play),
        {
          id: 'card',
          label: t('calls.card'),
          icon: PanelRightOpen,
          isDisabled: rows.length !== 1,
          onPress: () => setOpened(rows[0]?.id),
        },
      ]}
      card={
        opened !== undefined && (
          <CallDrawer
            id={opened}
            plays={opened === played}
            onClose={() => setOpened(undefined)}
            onExpand={() =>
              void navigate({ to: '/workspace/my_calls/$id', params: { id: opened } })
            }
          />
        )
      }
    />
  );
}

/** Asks a list to look for new rows when a call has entered the archive. */
export function useNewCalls<Row>(): (pages: Pages<Row>) => () => void {
  const { may } = useSession();
  const { store } = useLiveConnection();
  const watched = useRef<Pages<Row>>(undefined);
  // A team's calls are told of only to who watches all calls.
  useTopic('calls', {
    isWanted: may('calls.team') && may('live.view'),
    onHeard: () => void watched.current?.checkNew(),
  });
  return useCallback(
    (pages) => {
      watched.current = pages;
      return store.onFrame('call.logged', () => void pages.checkNew());
    },
    [store],
  );
}

/** What can be done with calls; each says why where it cannot be done yet. */
function callActions(
  t: ReturnType<typeof useText>,
  rows: readonly CallRow[],
  play: (id: string | undefined) => void,
): readonly Action[] {
  const recording = rows.length === 1 ? rows[0]?.recording : undefined;
  const hasRecording = recording != null && recording.state !== 'expired';
  return [
    {
      id: 'play',
      label: t('calls.play'),
      icon: Play,
      isDisabled: !hasRecording,
      hint: t('calls.noRecording'),
      onPress: () => play(rows[0]?.id),
    },
    {
      id: 'qm',
      label: t('calls.sendToQm'),
      icon: ClipboardCheck,
      isDisabled: true,
      hint: t('calls.noQm'),
      onPress: () => {},
    },
    {
      id: 'call',
      label: t('calls.call'),
      icon: Phone,
      isDisabled: true,
      hint: t('calls.noOriginate'),
      onPress: () => {},
    },
  ];
}

const idOf = (row: CallRow) => row.id;

const fetchCalls: FetchRows<CallRow> = (query, signal) =>
  body(api.GET('/calls', { params: { query }, signal }));
