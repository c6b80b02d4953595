import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { ask } from '../../api/ask';
import type { Trunk, TrunkState } from '../../api/types';
import { type TextId, useServerText, useText } from '../../i18n/I18n';
import { Badge, type Tone } from '../../ui/Badge';
import { CODECS_FIELD, dtmfField } from './mediaRules';
import { ResourceScreen } from './ResourceScreen';
import { entriesOf, type FieldSpec, numberOf, type Resource } from './resource';
import { useConfiguration } from './useConfiguration';

/** Links to carriers: those of the database, and beside them those of the configuration file. */
export default function TrunksScreen() {
  const t = useText();
  const says = useServerText();
  const file = useConfiguration().data?.file ?? t('admin.trunks.configFile');
  const states = useTrunkStates();
  const resource = useMemo<Resource<Trunk>>(() => {
    const liveOf = (it: Trunk) => states.get(it.name);
    const portOf = (it: Trunk) => it.source_port?.toString() ?? t('admin.trunks.portAny');
    const codeOf = (it: Trunk) => stateCode(it, liveOf(it));
    const stateOf = (it: Trunk) => t(STATES[codeOf(it)].label);
    const failureOf = (it: Trunk) => {
      const failure = liveOf(it)?.failure;
      return failure ? says(failure) : '';
    };
    return {
      object: 'trunk',
      path: '/admin/trunks',
      title: 'admin.section.trunks',
      empty: 'admin.trunks.empty',
      add: 'admin.trunks.add',
      nameOf: (it) => it.name,
      canAdd: true,
      fixedBy: (it) =>
        it.source === 'file' ? t('admin.trunks.inFile', { file, name: it.name }) : undefined,
      remark: (it) =>
        it.left_out ? t('admin.trunks.leftOut', { why: says(it.left_out) }) : undefined,
      columns: [
        {
          id: 'name',
          label: 'admin.trunks.name',
          text: (it) => it.name,
          width: 120,
          sortField: 'name',
          isFixed: true,
        },
        {
          id: 'destination',
          label: 'admin.trunks.destination',
          text: (it) => it.destination,
          width: 180,
          isWide: true,
          sortField: 'destination',
        },
        {
          id: 'sources',
          label: 'admin.trunks.addresses',
          text: (it) => it.sources.join(', '),
          width: 120,
          isWide: true,
        },
        {
          id: 'port',
          label: 'admin.trunks.port',
          text: portOf,
          width: 70,
          isNumber: true,
        },
        {
          id: 'state',
          label: 'admin.trunks.state',
          text: stateOf,
          render: (it) => <Badge tone={STATES[codeOf(it)].tone}>{stateOf(it)}</Badge>,
          width: 150,
          sortField: 'state',
        },
        {
          id: 'calls',
          label: 'admin.trunks.calls',
          text: (it) => String(liveOf(it)?.calls ?? ''),
          width: 90,
          isNumber: true,
        },
        {
          id: 'failure',
          label: 'admin.trunks.failure',
          text: failureOf,
          width: 160,
          isWide: true,
        },
        {
          id: 'source',
          label: 'admin.trunks.source',
          text: (it) => t(`admin.source.${it.source}`),
          width: 160,
          sortField: 'source',
        },
      ],
      fields: [
        ...ADDRESS_FIELDS,
        ...CALL_FIELDS,
        ...NUMBER_FIELDS,
        dtmfField(t),
        CODECS_FIELD,
        ENABLED_FIELD,
      ],
      initial: {
        name: '',
        destination: '',
        sources: '',
        source_port: '',
        inbound_user: '',
        inbound_password: '',
        user: '',
        password: '',
        realm: '',
        register_expires_s: '',
        register_fallbacks: '',
        channels_max: '',
        cps_max: '',
        health_interval_s: '',
        dtmf: 'auto',
        codecs: '',
        called_out: '',
        called_in: '',
        caller_out: '',
        caller_in: '',
        caller_default: '',
        asserts_callers: false,
        rates: '',
        is_enabled: true,
      },
      toValues: (it) => ({
        name: it.name,
        destination: it.destination,
        sources: it.sources.join('\n'),
        source_port: it.source_port?.toString() ?? '',
        inbound_user: it.inbound_user ?? '',
        inbound_password: '',
        user: it.user ?? '',
        password: '',
        realm: it.realm ?? '',
        register_expires_s: it.register_expires_s?.toString() ?? '',
        register_fallbacks: it.register_fallbacks.join('\n'),
        channels_max: it.channels_max?.toString() ?? '',
        cps_max: it.cps_max?.toString() ?? '',
        health_interval_s: it.health_interval_s?.toString() ?? '',
        dtmf: it.dtmf,
        codecs: it.codecs.join('\n'),
        called_out: it.called_out.join('\n'),
        called_in: it.called_in.join('\n'),
        caller_out: it.caller_out.join('\n'),
        caller_in: it.caller_in.join('\n'),
        caller_default: it.caller_default ?? '',
        asserts_callers: it.asserts_callers,
        rates: it.rates.join('\n'),
        is_enabled: it.is_enabled,
      }),
      toBody: (it) => ({
        name: it.name,
        destination: it.destination,
        sources: entriesOf(it.sources),
        source_port: numberOf(it.source_port),
        inbound_user: it.inbound_user || null,
        inbound_password: it.inbound_password || null,
        user: it.user || null,
        password: it.password || null,
        realm: it.realm || null,
        register_expires_s: numberOf(it.register_expires_s),
        register_fallbacks: entriesOf(it.register_fallbacks),
        channels_max: numberOf(it.channels_max),
        cps_max: numberOf(it.cps_max),
        health_interval_s: numberOf(it.health_interval_s),
        dtmf: it.dtmf,
        codecs: entriesOf(it.codecs),
        called_out: entriesOf(it.called_out),
        called_in: entriesOf(it.called_in),
        caller_out: entriesOf(it.caller_out),
        caller_in: entriesOf(it.caller_in),
        caller_default: it.caller_default || null,
        asserts_callers: it.asserts_callers,
        rates: entriesOf(it.rates),
        is_enabled: it.is_enabled,
      }),
    };
  }, [t, says, file, states]);
  return <ResourceScreen resource={resource} />;
}

/** How the trunks stand, by name, read every few seconds. */
function useTrunkStates(): ReadonlyMap<string, TrunkState> {
  const states = useQuery({
    queryKey: ['admin', 'trunk-state'],
    queryFn: async () => (await ask<{ items: TrunkState[] }>('get', '/admin/trunk-states')).items,
    refetchInterval: READ_EVERY_MS,
    retry: false,
  });
  return useMemo(() => new Map((states.data ?? []).map((it) => [it.name, it])), [states.data]);
}

const READ_EVERY_MS = 5000;

type State = 'on' | 'off' | 'left_out' | 'down' | 'unregistered';

const STATES: Readonly<Record<State, { readonly label: TextId; readonly tone: Tone }>> = {
  on: { label: 'admin.trunks.stateOn', tone: 'ready' },
  off: { label: 'admin.trunks.stateOff', tone: 'off' },
  left_out: { label: 'admin.trunks.stateLeftOut', tone: 'missed' },
  down: { label: 'admin.trunks.stateDown', tone: 'missed' },
  unregistered: { label: 'admin.trunks.stateUnregistered', tone: 'missed' },
};

function stateCode(it: Trunk, live: TrunkState | undefined): State {
  if (it.left_out) return 'left_out';
  if (!it.is_enabled) return 'off';
  if (live?.is_up === false) return 'down';
  return live?.is_registered === false ? 'unregistered' : 'on';
}

const ADDRESS_FIELDS: readonly FieldSpec[] = [
  {
    name: 'name',
    label: 'admin.trunks.name',
    kind: 'text',
    hint: 'admin.trunks.nameHint',
    isRequired: true,
  },
  {
    name: 'destination',
    label: 'admin.trunks.destination',
    kind: 'text',
    hint: 'admin.trunks.destinationHint',
    isRequired: true,
  },
  {
    name: 'sources',
    label: 'admin.trunks.sources',
    kind: 'lines',
    hint: 'admin.trunks.sourcesHint',
  },
  {
    name: 'source_port',
    label: 'admin.trunks.port',
    kind: 'number',
    hint: 'admin.trunks.portHint',
  },
  {
    name: 'inbound_user',
    label: 'admin.trunks.inboundUser',
    kind: 'text',
    hint: 'admin.trunks.inboundUserHint',
  },
  {
    name: 'inbound_password',
    label: 'admin.trunks.inboundPassword',
    kind: 'password',
    hint: 'admin.trunks.inboundPasswordHint',
  },
];

const CALL_FIELDS: readonly FieldSpec[] = [
  { name: 'user', label: 'admin.trunks.user', kind: 'text', hint: 'admin.trunks.userHint' },
  {
    name: 'password',
    label: 'admin.trunks.password',
    kind: 'password',
    hint: 'admin.trunks.passwordHint',
  },
  { name: 'realm', label: 'admin.trunks.realm', kind: 'text', hint: 'admin.trunks.realmHint' },
  {
    name: 'register_expires_s',
    label: 'admin.trunks.register',
    kind: 'number',
    hint: 'admin.trunks.registerHint',
  },
  {
    name: 'register_fallbacks',
    label: 'admin.trunks.fallbacks',
    kind: 'lines',
    hint: 'admin.trunks.fallbacksHint',
  },
  {
    name: 'channels_max',
    label: 'admin.trunks.channels',
    kind: 'number',
    hint: 'admin.trunks.limitHint',
  },
  { name: 'cps_max', label: 'admin.trunks.cps', kind: 'number', hint: 'admin.trunks.limitHint' },
  {
    name: 'health_interval_s',
    label: 'admin.trunks.health',
    kind: 'number',
    hint: 'admin.trunks.healthHint',
  },
];

const NUMBER_FIELDS: readonly FieldSpec[] = [
  {
    name: 'called_out',
    label: 'admin.trunks.calledOut',
    kind: 'lines',
    hint: 'admin.trunks.rulesHint',
  },
  {
    name: 'called_in',
    label: 'admin.trunks.calledIn',
    kind: 'lines',
    hint: 'admin.trunks.rulesHint',
  },
  {
    name: 'caller_out',
    label: 'admin.trunks.callerOut',
    kind: 'lines',
    hint: 'admin.trunks.rulesHint',
  },
  {
    name: 'caller_in',
    label: 'admin.trunks.callerIn',
    kind: 'lines',
    hint: 'admin.trunks.rulesHint',
  },
  {
    name: 'caller_default',
    label: 'admin.trunks.callerDefault',
    kind: 'text',
    hint: 'admin.trunks.callerDefaultHint',
  },
  { name: 'asserts_callers', label: 'admin.trunks.assertsCallers', kind: 'switch' },
  { name: 'rates', label: 'admin.trunks.rates', kind: 'lines', hint: 'admin.trunks.ratesHint' },
];

const ENABLED_FIELD: FieldSpec = {
  name: 'is_enabled',
  label: 'admin.trunks.enabled',
  kind: 'switch',
};
