import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { ask } from '../../api/ask';
import type { Role, User } from '../../api/types';
import { useServerText, useText } from '../../i18n/I18n';
import { Badge } from '../../ui/Badge';
import { ResourceScreen } from './ResourceScreen';
import type { Resource } from './resource';

/** People of the domain, their roles and passwords. */
export default function UsersScreen() {
  const t = useText();
  const says = useServerText();
  const roles = useQuery({
    queryKey: ['admin', 'role'],
    queryFn: async () => (await ask<{ items: Role[] }>('get', '/admin/roles')).items,
  });
  const roleNames = useMemo(
    () => new Map((roles.data ?? []).map((it) => [it.id, says(it.title)])),
    [roles.data, says],
  );

  const resource = useMemo<Resource<User>>(
    () => ({
      object: 'user',
      path: '/admin/users',
      title: 'admin.section.users',
      empty: 'admin.users.empty',
      add: 'admin.users.add',
      nameOf: (it) => it.name || it.login,
      canAdd: true,
      password: 'typed',
      isDisabled: (it) => it.is_disabled,
      columns: [
        {
          id: 'login',
          label: 'admin.users.login',
          text: (it) => it.login,
          width: 110,
          sortField: 'login',
          isFixed: true,
        },
        {
          id: 'name',
          label: 'admin.users.name',
          text: (it) => it.name,
          width: 130,
          isWide: true,
          sortField: 'name',
        },
        {
          id: 'numbers',
          label: 'admin.users.numbers',
          text: (it) => it.numbers.join(', '),
          width: 110,
        },
        {
          id: 'roles',
          label: 'admin.users.roles',
          text: (it) =>
            it.role_ids
              .map((id) => roleNames.get(id) ?? '')
              .filter(Boolean)
              .join(', '),
          width: 130,
          isWide: true,
        },
        {
          id: 'position',
          label: 'admin.users.position',
          text: (it) => it.position ?? '',
          width: 140,
          isHiddenAtFirst: true,
        },
        {
          id: 'email',
          label: 'admin.users.email',
          text: (it) => it.email ?? '',
          width: 180,
          isHiddenAtFirst: true,
        },
        {
          id: 'state',
          label: 'admin.users.state',
          text: (it) => t(it.is_disabled ? 'admin.users.off' : 'admin.users.on'),
          render: (it) => (
            <Badge tone={it.is_disabled ? 'off' : 'ready'}>
              {t(it.is_disabled ? 'admin.users.off' : 'admin.users.on')}
            </Badge>
          ),
          width: 130,
          sortField: 'state',
        },
      ],
      fields: [
        {
          name: 'login',
          label: 'admin.users.login',
          kind: 'text',
          isRequired: true,
          isOnlyNew: true,
        },
        {
          name: 'password',
          label: 'admin.users.password',
          kind: 'password',
          isRequired: true,
          isOnlyNew: true,
        },
        { name: 'name', label: 'admin.users.name', kind: 'text', isRequired: true },
        { name: 'email', label: 'admin.users.email', kind: 'text' },
        { name: 'position', label: 'admin.users.position', kind: 'text' },
        {
          name: 'locale',
          label: 'admin.users.locale',
          kind: 'choice',
          options: [
            { id: 'ru', label: 'Русский' },
            { id: 'en', label: 'English' },
          ],
        },
        {
          name: 'role_ids',
          label: 'admin.users.roles',
          kind: 'checks',
          options: [...roleNames].map(([id, label]) => ({ id, label })),
        },
      ],
      initial: {
        login: '',
        password: '',
        name: '',
        email: '',
        position: '',
        locale: 'ru',
        role_ids: [],
      },
      toValues: (it) => ({
        name: it.name,
        email: it.email ?? '',
        position: it.position ?? '',
        locale: it.locale,
        role_ids: it.role_ids,
      }),
      toBody: ({ login, password, name, email, position, locale, role_ids }, isNew) => ({
        ...(isNew && { login, password }),
        name,
        email: email || null,
        position: position || null,
        locale,
        role_ids,
      }),
    }),
    [t, roleNames],
  );
  return <ResourceScreen resource={resource} />;
}
