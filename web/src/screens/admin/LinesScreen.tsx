import { useQuery, useQueryClient } from '@tanstack/react-query';
import { DoorOpen, Voicemail } from 'lucide-react';
import { useMemo } from 'react';
import { ask } from '../../api/ask';
import { readAnew } from '../../api/readAnew';
import type { ManagedLine, OutboundClass, User, Workplace } from '../../api/types';
import { useSession } from '../../app/session';
import { useText } from '../../i18n/I18n';
import { useFollow } from '../../live/useFollow';
import { MailboxForm } from '../mailbox/MailboxForm';
import { callersOf } from './CallersForm';
import { CODECS_FIELD, dtmfField, HOLD_MUSIC_FIELD } from './mediaRules';
import type { Value } from './merge';
import { ResourceScreen } from './ResourceScreen';
import { entriesOf, numberOf, type Option, type Resource } from './resource';
import { useObjects } from './useObjects';

/** Lines of the domain: whose they are, and what their phones may do. */
export default function LinesScreen() {
  const t = useText();
  const people = usePeople();
  const classes = useOutboundClasses();
  const { placeOf, signOut } = useWorkplaces();
  const resource = useMemo<Resource<ManagedLine>>(() => {
    const nameOf = (id: string | null) => people.find((it) => it.id === id)?.label ?? '';
    return {
      object: 'line',
      path: '/admin/lines',
      title: 'admin.section.lines',
      empty: 'phones.empty',
      add: 'admin.lines.add',
      nameOf: (it) => `${it.number} ${it.name}`,
      canAdd: true,
      password: 'typed_or_made_up',
      more: [
        {
          label: 'mailbox.title',
          icon: Voicemail,
          form: ({ it, onUnsaved, onClose }) => (
            <MailboxForm
              key={it.id}
              path={`/admin/lines/${encodeURIComponent(it.id)}/mailbox`}
              onUnsaved={onUnsaved}
              onClose={onClose}
            />
          ),
        },
        callersOf('/admin/lines', 'callers.ofLine'),
      ],
      command: {
        label: 'admin.lines.signOut',
        icon: DoorOpen,
        isDisabled: (it) => placeOf(it) === undefined,
        question: (it) =>
          t('admin.lines.signOutAsk', {
            place: placeOf(it) ?? '',
            name: `${it.number} ${it.name}`,
          }),
        run: signOut,
      },
      columns: [
        {
          id: 'number',
          label: 'extensions.number',
          text: (it) => it.number,
          width: 100,
          sortField: 'number',
          isFixed: true,
        },
        {
          id: 'name',
          label: 'extensions.name',
          text: (it) => it.name,
          width: 160,
          isWide: true,
          sortField: 'name',
        },
        {
          id: 'user',
          label: 'calls.user',
          text: (it) => nameOf(it.user_id),
          width: 160,
          isWide: true,
          sortField: 'user',
        },
        {
          id: 'workplace',
          label: 'admin.lines.workplace',
          text: (it) => placeOf(it) ?? '',
          width: 130,
        },
        {
          id: 'calls',
          label: 'admin.lines.callsMax',
          text: (it) => it.calls_max?.toString() ?? t('admin.lines.unlimited'),
          width: 200,
          isNumber: true,
        },
        {
          id: 'ring',
          label: 'admin.lines.ringTimeout',
          text: (it) => String(it.ring_timeout_s),
          width: 150,
          isNumber: true,
        },
      ],
      fields: [
        {
          name: 'number',
          label: 'extensions.number',
          kind: 'text',
          isRequired: true,
          isOnlyNew: true,
        },
        {
          name: 'password',
          label: 'admin.users.password',
          kind: 'password',
          hint: 'admin.passwordHint',
          isOnlyNew: true,
        },
        { name: 'name', label: 'extensions.name', kind: 'text', isRequired: true },
        {
          name: 'user_id',
          label: 'calls.user',
          kind: 'choice',
          options: [{ id: '', label: '—' }, ...people],
        },
        {
          name: 'calls_max',
          label: 'admin.lines.callsMax',
          kind: 'number',
          hint: 'admin.lines.callsMaxHint',
        },
        {
          name: 'ring_timeout_s',
          label: 'admin.lines.ringTimeout',
          kind: 'number',
          isRequired: true,
        },
        dtmfField(t),
        CODECS_FIELD,
        HOLD_MUSIC_FIELD,
        {
          name: 'outbound_classes',
          label: 'admin.lines.outboundClasses',
          kind: 'checks',
          options: classes ?? [],
        },
        {
          name: 'caller_number',
          label: 'admin.lines.callerNumber',
          kind: 'text',
          hint: 'admin.lines.callerNumberHint',
        },
        { name: 'is_withheld', label: 'admin.lines.withheld', kind: 'switch' },
        { name: 'may_sign_in', label: 'admin.lines.maySignIn', kind: 'switch' },
      ],
      initial: {
        number: '',
        password: '',
        name: '',
        user_id: '',
        calls_max: '2',
        ring_timeout_s: '30',
        dtmf: 'auto',
        codecs: '',
        hold_music: '',
        outbound_classes: [],
        caller_number: '',
        is_withheld: false,
        may_sign_in: false,
      },
      toValues: (it) => ({
        name: it.name,
        user_id: it.user_id ?? '',
        calls_max: it.calls_max?.toString() ?? '',
        ring_timeout_s: String(it.ring_timeout_s),
        dtmf: it.dtmf,
        codecs: it.codecs.join('\n'),
        hold_music: it.hold_music ?? '',
        outbound_classes: it.outbound_classes,
        caller_number: it.caller_number ?? '',
        is_withheld: it.is_withheld,
        may_sign_in: it.may_sign_in,
      }),
      toBody: (values, isNew) => ({
        ...(isNew && { number: values.number, password: values.password || null }),
        name: values.name,
        user_id: values.user_id || null,
        calls_max: numberOf(values.calls_max),
        ring_timeout_s: numberOf(values.ring_timeout_s) ?? 0,
        dtmf: values.dtmf,
        codecs: entriesOf(values.codecs),
        hold_music: values.hold_music || null,
        outbound_classes: known(values.outbound_classes, classes),
        caller_number: values.caller_number || null,
        is_withheld: values.is_withheld,
        may_sign_in: values.may_sign_in,
      }),
    };
  }, [t, people, classes, placeOf, signOut]);
  return <ResourceScreen resource={resource} />;
}

const WORKPLACES = ['admin', 'workplace'];

/** At whose phones lines are signed in, and how that is ended. */
function useWorkplaces() {
  const queries = useQueryClient();
  const { rows } = useObjects<Workplace>('workplace', '/admin/workplaces');
  // Whoever signs in does so on a phone, and not here.
  useFollow(WORKPLACES, 'lines', 'line.changed');
  const places = rows.data;
  return useMemo(() => {
    const byLine = new Map(places?.map((it) => [it.id, it.workplace]));
    return {
      placeOf: (line: ManagedLine) => byLine.get(line.id),
      signOut: async (line: ManagedLine) => {
        await ask('delete', `/admin/workplaces/${encodeURIComponent(line.id)}`);
        await readAnew(queries, WORKPLACES);
      },
    };
  }, [places, queries]);
}

/** Whose a line can be; nobody to choose from without the right to see people. */
function usePeople(): readonly Option[] {
  const { may } = useSession();
  const users = useQuery({
    queryKey: ['admin', 'user'],
    queryFn: async () => (await ask<{ items: User[] }>('get', '/admin/users')).items,
    enabled: may('users.manage'),
  });
  return useMemo(
    () => (users.data ?? []).map(({ id, name }) => ({ id, label: name })),
    [users.data],
  );
}

/** Classes of numbers that lines can be given the right to call; undefined until they are known. */
function useOutboundClasses(): readonly Option[] | undefined {
  const classes = useQuery({
    queryKey: ['admin', 'outbound-class'],
    queryFn: async () =>
      (await ask<{ items: OutboundClass[] }>('get', '/admin/outbound-classes')).items,
  });
  return useMemo(
    () =>
      classes.data?.map(({ name, prefixes }) => ({
        id: name,
        label: `${name}: ${prefixes.map((it) => `${it}…`).join(', ')}`,
      })),
    [classes.data],
  );
}

/**
 * What is checked and still there: the server knows no right to a class that was taken away. All of it while
 * nobody knows which there are, so that saving a line costs no right.
 */
function known(
  value: Value | undefined,
  classes: readonly Option[] | undefined,
): readonly string[] {
  const checked = Array.isArray(value) ? value : [];
  return classes ? checked.filter((it) => classes.some(({ id }) => id === it)) : checked;
}
