import { useMemo } from 'react';
import type { Domain } from '../../api/types';
import { useLocale, useText } from '../../i18n/I18n';
import { moment } from '../../list/format';
import { callersOf } from './CallersForm';
import { HOLD_MUSIC_FIELD } from './mediaRules';
import { ResourceScreen } from './ResourceScreen';
import { entriesOf, type Resource } from './resource';

/** The tenants of the installation, by what other names they go, and what they have. */
export default function DomainsScreen() {
  const t = useText();
  const { locale } = useLocale();
  const resource = useMemo<Resource<Domain>>(
    () => ({
      object: 'domain',
      path: '/admin/domains',
      title: 'admin.section.domains',
      empty: 'admin.domains.empty',
      add: 'admin.domains.add',
      nameOf: (it) => it.name,
      canAdd: true,
      canRemove: (it) => !it.is_own,
      more: [callersOf('/admin/domains', 'callers.ofDomain')],
      columns: [
        {
          id: 'name',
          label: 'admin.domains.name',
          text: (it) => it.name,
          width: 180,
          isWide: true,
          sortField: 'name',
          isFixed: true,
        },
        {
          id: 'own',
          label: 'admin.domains.whose',
          text: (it) => (it.is_own ? t('admin.domains.own') : ''),
          width: 70,
        },
        {
          id: 'aliases',
          label: 'admin.domains.aliases',
          text: (it) => it.aliases.join(', '),
          width: 150,
          isWide: true,
        },
        {
          id: 'users',
          label: 'admin.domains.users',
          text: (it) => String(it.users),
          width: 80,
          isNumber: true,
          sortField: 'users',
        },
        {
          id: 'lines',
          label: 'admin.domains.lines',
          text: (it) => String(it.lines),
          width: 80,
          isNumber: true,
          sortField: 'lines',
        },
        {
          id: 'trunks',
          label: 'admin.domains.trunks',
          text: (it) => String(it.trunks),
          width: 90,
          isNumber: true,
          sortField: 'trunks',
        },
        {
          id: 'created',
          label: 'admin.domains.createdAt',
          text: (it) => moment(it.created_at, locale),
          sortText: (it) => it.created_at,
          width: 160,
          sortField: 'created',
        },
      ],
      fields: [
        {
          name: 'name',
          label: 'admin.domains.name',
          kind: 'text',
          hint: 'admin.domains.nameHint',
          isRequired: true,
          isOnlyNew: true,
        },
        {
          name: 'aliases',
          label: 'admin.domains.aliases',
          kind: 'lines',
          hint: 'admin.domains.aliasesHint',
        },
        HOLD_MUSIC_FIELD,
      ],
      initial: { name: '', aliases: '', hold_music: '' },
      toValues: (it) => ({ aliases: it.aliases.join('\n'), hold_music: it.hold_music ?? '' }),
      toBody: ({ name, aliases, hold_music }, isNew) => ({
        ...(isNew && { name }),
        aliases: entriesOf(aliases),
        hold_music: hold_music || null,
      }),
    }),
    [t, locale],
  );
  return <ResourceScreen resource={resource} />;
}
