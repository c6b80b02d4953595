import { useMemo } from 'react';
import type { Role } from '../../api/types';
import { useServerText, useText } from '../../i18n/I18n';
import { ResourceScreen } from './ResourceScreen';
import type { Resource } from './resource';
import { grouped, useRightText } from './rights/rights';
import { useRights } from './rights/useRights';

/** Roles and what they let their holders do. */
export default function RolesScreen() {
  const t = useText();
  const says = useServerText();
  const { data: rights } = useRights();
  const inWords = useRightText();

  const resource = useMemo<Resource<Role>>(
    () => ({
      object: 'role',
      path: '/admin/roles',
      title: 'admin.section.roles',
      empty: 'admin.roles.empty',
      add: 'admin.roles.add',
      nameOf: (it) => says(it.title),
      canAdd: true,
      fixedBy: (it) => (it.is_built_in ? t('admin.fixed') : undefined),
      columns: [
        {
          id: 'title',
          label: 'admin.roles.title',
          text: (it) => says(it.title),
          width: 260,
          sortField: 'title',
          isFixed: true,
        },
        {
          id: 'code',
          label: 'admin.roles.code',
          text: (it) => it.code,
          width: 190,
          sortField: 'code',
        },
        {
          id: 'kind',
          label: 'admin.roles.kind',
          text: (it) => t(it.is_built_in ? 'admin.roles.builtIn' : 'admin.roles.own'),
          width: 130,
          sortField: 'kind',
        },
        {
          id: 'holders',
          label: 'admin.roles.holders',
          text: (it) => String(it.holders),
          width: 90,
          isNumber: true,
          sortField: 'holders',
        },
        {
          id: 'rights',
          label: 'admin.roles.rights',
          text: (it) => it.rights.map(inWords).join(', '),
          width: 260,
          isWide: true,
        },
      ],
      fields: [
        { name: 'code', label: 'admin.roles.code', kind: 'text', isRequired: true },
        { name: 'title.ru', label: 'admin.roles.titleRu', kind: 'text', isRequired: true },
        { name: 'title.en', label: 'admin.roles.titleEn', kind: 'text', isRequired: true },
        {
          name: 'rights',
          label: 'admin.roles.rights',
          kind: 'checks',
          options: grouped(rights ?? []).flatMap((group) =>
            group.rights.map((it) => ({
              id: it.code,
              label: inWords(it.code),
              group: t(group.label),
              isDisabled: !it.is_mine,
            })),
          ),
        },
      ],
      initial: { code: '', 'title.ru': '', 'title.en': '', rights: [] },
      toValues: (it) => ({
        code: it.code,
        'title.ru': it.title.ru,
        'title.en': it.title.en,
        rights: it.rights,
      }),
      toBody: (values) => ({
        code: values.code,
        title: { ru: values['title.ru'], en: values['title.en'] },
        rights: values.rights,
      }),
    }),
    [t, says, inWords, rights],
  );
  return <ResourceScreen resource={resource} />;
}
