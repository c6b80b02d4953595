import { useMemo } from 'react';
import type { CallRow, Direction } from '../../api/types';
import { useSession } from '../../app/session';
import { useLocale, useText } from '../../i18n/I18n';
import type { GridSpec } from '../../list/columns';
import { moment, party } from '../../list/format';
import { useLive, useTopic } from '../../live/LiveContext';
import { talkTime } from '../../ui/duration';

/** Columns and filters of the archive of calls. */
export function useCallsSpec(): GridSpec<CallRow> {
  const t = useText();
  const { locale } = useLocale();
  const users = useUsers();
  const cause = useCauseText();

  return useMemo(
    () => ({
      screen: 'calls',
      period: 'today',
      columns: [
        {
          id: 'time',
          label: 'calls.time',
          text: (it) => moment(it.started_at, locale),
          width: 166,
          sortField: 'time',
          isFixed: true,
        },
        { id: 'dialled', label: 'calls.dialled', text: (it) => it.dialled, width: 154 },
        {
          id: 'side_a',
          label: 'calls.sideA',
          text: (it) => party(it.side_a, t('calls.unknown')),
          width: 120,
          isWide: true,
        },
        {
          id: 'side_b',
          label: 'calls.sideB',
          text: (it) => party(it.side_b, t('calls.unknown')),
          width: 120,
          isWide: true,
        },
        {
          id: 'talk',
          label: 'calls.talk',
          text: (it) => talkTime(it.talk_ms, it.answered_at !== null),
          width: 84,
          isNumber: true,
        },
        {
          id: 'direction',
          label: 'calls.direction',
          text: (it) => t(`calls.direction.${it.direction}`),
          width: 130,
          isHiddenAtFirst: true,
        },
        {
          id: 'cause',
          label: 'calls.cause',
          text: (it) => cause(it.cause),
          width: 180,
          isHiddenAtFirst: true,
        },
      ],
      filters: [
        {
          id: 'user',
          label: 'calls.user',
          options: [...users.keys()],
          optionLabel: (id) => users.get(id) ?? id,
        },
        { id: 'peer', label: 'calls.subscriber' },
        {
          id: 'direction',
          label: 'calls.direction',
          options: DIRECTIONS,
          optionLabel: (code) => t(`calls.direction.${code as Direction}`),
        },
      ],
      sort: [{ field: 'time', descending: true }],
      sortKeysMax: 1,
    }),
    [t, locale, users, cause],
  );
}

const DIRECTIONS: readonly Direction[] = ['in', 'out', 'internal'];

/** How a call ended, in words; a cause of a newer server as it is. */
export function useCauseText(): (cause: string) => string {
  const t = useText();
  return useMemo(() => (cause) => (isKnownCause(cause) ? t(`calls.cause.${cause}`) : cause), [t]);
}

/** Every cause that a call may end by. */
export const CAUSES = [
  'normal',
  'cancelled',
  'answered_elsewhere',
  'busy',
  'no_answer',
  'rejected',
  'unavailable',
  'not_found',
  'refused',
  'no_common_codec',
  'too_many_calls',
  'barred',
  'capped',
  'screened',
  'exhausted',
  'loop',
  'rtp_timeout',
  'not_acked',
  'peer_lost',
  'max_duration',
  'shutdown',
  'transferred',
  'internal',
  'crash',
] as const;

const isKnownCause = (cause: string): cause is (typeof CAUSES)[number] =>
  (CAUSES as readonly string[]).includes(cause);

/** Whose calls can be asked for: oneself, and with the right for it everybody who has a line. */
function useUsers(): ReadonlyMap<string, string> {
  const { me, may } = useSession();
  const isTeam = may('calls.team') && may('extensions.view');
  useTopic('lines', { isWanted: isTeam });
  const extensions = useLive((state) => state.extensions);
  const names = isTeam
    ? [...extensions.values()]
        .filter((it) => it.user_id !== null)
        .map((it) => `${it.user_id}\t${it.name || it.number}`)
        .sort()
        .join('\n')
    : '';
  return useMemo(() => {
    const users = new Map([[me.id, me.name]]);
    for (const line of names.split('\n').filter(Boolean)) {
      const [id, name] = line.split('\t');
      if (id && name) users.set(id, name);
    }
    return users;
  }, [me.id, me.name, names]);
}
