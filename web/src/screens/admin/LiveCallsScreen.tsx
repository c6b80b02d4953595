import { PhoneOff } from 'lucide-react';
import { useMemo, useState } from 'react';
import { api } from '../../api/client';
import type { ActiveCall } from '../../api/types';
import { useSession } from '../../app/session';
import { useLocale, useText } from '../../i18n/I18n';
import type { GridSpec } from '../../list/columns';
import { moment, party } from '../../list/format';
import { LocalScreen } from '../../list/LocalScreen';
import { useLive, useTopic } from '../../live/LiveContext';
import { RecordingMark } from '../../shell/RecordButton';
import { Button } from '../../ui/Button';
import { useConfirm } from '../../ui/Confirm';
import { cx } from '../../ui/cx';
import { useRefusalText } from '../../ui/States';
import { Timer } from '../../ui/Timer';
import { toast } from '../../ui/toasts';
import css from './admin.module.css';
import { Ladder } from './Ladder';
import { LiveQuality } from './LiveQuality';

/** All calls that go on in the domain, as they change; with hang-up for who has the right. */
export default function LiveCallsScreen() {
  const t = useText();
  const { locale } = useLocale();
  const { may } = useSession();
  useTopic('calls');
  const calls = useLive((state) => state.calls);
  const isLoaded = useLive((state) => state.isLoaded);
  const rows = useMemo(() => [...calls.values()], [calls]);
  const hangUp = useHangUp();
  const [traced, setTraced] = useState<string>();

  const spec = useMemo<GridSpec<ActiveCall>>(
    () => ({
      screen: 'admin.calls',
      period: undefined,
      columns: [
        {
          id: 'since',
          label: 'calls.time',
          text: (it) => moment(it.started_at, locale),
          sortText: (it) => it.started_at,
          width: 166,
          sortField: 'since',
          isFixed: true,
        },
        {
          id: 'caller',
          label: 'calls.sideA',
          text: (it) => party(it.caller, t('calls.unknown')),
          width: 200,
          isWide: true,
          sortField: 'caller',
        },
        { id: 'dialled', label: 'calls.dialled', text: (it) => it.dialled, width: 166 },
        {
          id: 'callees',
          label: 'calls.sideB',
          text: (it) => calleesOf(it, t('calls.unknown')),
          width: 200,
          isWide: true,
        },
        {
          id: 'state',
          label: 'admin.calls.state',
          text: (it) => t(`admin.calls.state.${it.state}`),
          width: 130,
          sortField: 'state',
        },
        {
          id: 'recording',
          label: 'call.recording',
          text: (it) => (it.recording === 'off' ? '' : t(`call.recording.${it.recording}`)),
          render: (it) => <RecordingMark call={it} />,
          width: 110,
        },
        {
          id: 'talk',
          label: 'calls.talk',
          text: (it) => it.answered_at ?? '',
          render: (it) => (it.answered_at ? <Timer since={it.answered_at} /> : null),
          width: 100,
          isNumber: true,
        },
      ],
      filters: [],
      sort: [{ field: 'since', descending: true }],
      sortKeysMax: 2,
    }),
    [t, locale],
  );

  return (
    <LocalScreen
      title={t('admin.section.calls')}
      spec={spec}
      rows={isLoaded ? rows : undefined}
      idOf={idOf}
      searchLabel={t('list.search')}
      emptyText={t('admin.calls.empty')}
      canSeeJson={may('ui.json')}
      onCloseCard={() => setTraced(undefined)}
      {...(may('trace.view') && { onOpen: (it: ActiveCall) => setTraced(it.id) })}
      actionsFor={(chosen) =>
        may('call.hangup_any')
          ? [
              {
                id: 'hangup',
                label: t('admin.calls.hangUp'),
                icon: PhoneOff,
                isDisabled: chosen.length === 0,
                onPress: () => void hangUp(chosen),
              },
            ]
          : []
      }
      card={
        traced !== undefined && (
          <aside className={cx(css.drawer, css.wide)} aria-label={t('ladder.title')}>
            <LiveQuality callId={traced} />
            <Ladder callId={traced} />
            <div className={css.buttons}>
              <Button onPress={() => setTraced(undefined)}>{t('admin.close')}</Button>
            </div>
          </aside>
        )
      }
    />
  );
}

/** Hangs up what was chosen, after asking; the list empties by itself. */
function useHangUp(): (calls: readonly ActiveCall[]) => Promise<void> {
  const t = useText();
  const confirm = useConfirm();
  const says = useRefusalText();
  return async (calls) => {
    const text = t('admin.calls.hangUpAsk', { count: calls.length });
    if (!(await confirm({ text, isDangerous: true }))) return;
    for (const { id } of calls) {
      try {
        await api.POST('/calls/{id}/hangup', { params: { path: { id } } });
      } catch (error) {
        toast(says(error), 'missed');
      }
    }
  };
}

function calleesOf(call: ActiveCall, unknown: string): string {
  return call.legs
    .filter((it) => it.role === 'callee' && it.state !== 'ended')
    .map((it) => party(it, unknown))
    .join(', ');
}

const idOf = (call: ActiveCall) => call.id;
