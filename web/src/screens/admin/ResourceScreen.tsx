import { useQuery, useQueryClient } from '@tanstack/react-query';
import { KeyRound, Pencil, Plus, Power, Trash2 } from 'lucide-react';
import { type FormEvent, useMemo, useState } from 'react';
import { ask } from '../../api/ask';
import { useSession } from '../../app/session';
import { useText } from '../../i18n/I18n';
import type { GridSpec } from '../../list/columns';
import { LocalScreen } from '../../list/LocalScreen';
import type { Action } from '../../list/OverflowBar';
import { useFrames, useTopic } from '../../live/LiveContext';
import { Button } from '../../ui/Button';
import { useConfirm } from '../../ui/Confirm';
import { PasswordField } from '../../ui/Field';
import { ErrorState, useRefusalText } from '../../ui/States';
import { toast } from '../../ui/toasts';
import css from './admin.module.css';
import { ObjectForm } from './ObjectForm';
import type { Editable, Resource } from './resource';

type Opened<T> = { readonly kind: 'new' } | { readonly kind: 'edit' | 'password'; readonly it: T };

/** Lists, makes, changes and removes the objects of one kind. */
export function ResourceScreen<T extends Editable>({
  resource,
}: {
  readonly resource: Resource<T>;
}) {
  const t = useText();
  const { may } = useSession();
  const [opened, setOpened] = useState<Opened<T>>();
  const { rows, refresh } = useObjects(resource);
  const commands = useCommands(resource, refresh);
  const spec = useMemo<GridSpec<T>>(
    () => ({
      screen: `admin.${resource.object}`,
      period: undefined,
      columns: resource.columns,
      filters: [],
      sort: [],
      sortKeysMax: 2,
    }),
    [resource],
  );
  if (rows.isError) return <ErrorState error={rows.error} retry={refresh} />;

  const actionsFor = (chosen: readonly T[]): readonly Action[] => {
    const [only] = chosen.length === 1 ? chosen : [];
    const isEditable = only !== undefined && !(resource.isFixed?.(only) ?? false);
    const actions: Action[] = [];
    if (resource.canAdd) {
      actions.push({
        id: 'add',
        label: t(resource.add),
        icon: Plus,
        onPress: () => setOpened({ kind: 'new' }),
      });
    }
    actions.push({
      id: 'edit',
      label: t('admin.edit'),
      icon: Pencil,
      isDisabled: only === undefined,
      onPress: () => only && setOpened({ kind: 'edit', it: only }),
    });
    if (resource.hasPassword) {
      actions.push({
        id: 'password',
        label: t('admin.password'),
        icon: KeyRound,
        isDisabled: !isEditable,
        onPress: () => only && setOpened({ kind: 'password', it: only }),
      });
    }
    if (resource.isDisabled) {
      const isOff = only !== undefined && resource.isDisabled(only);
      actions.push({
        id: 'power',
        label: t(isOff ? 'admin.enable' : 'admin.disable'),
        icon: Power,
        isDisabled: !isEditable,
        onPress: () => only && void commands.power(only, isOff),
      });
    }
    if (resource.canAdd) {
      actions.push({
        id: 'remove',
        label: t('admin.remove'),
        icon: Trash2,
        isDisabled: !isEditable,
        onPress: () => only && void commands.remove(only),
      });
    }
    return actions;
  };

  return (
    <LocalScreen
      title={t(resource.title)}
      spec={spec}
      rows={rows.data}
      idOf={idOf}
      searchLabel={t('list.search')}
      emptyText={t(resource.empty)}
      canSeeJson={may('ui.json')}
      actionsFor={actionsFor}
      onOpen={(it) => setOpened({ kind: 'edit', it })}
      card={
        opened && (
          <aside className={css.drawer} aria-label={headingOf(opened, resource, t)}>
            <h2 dir="auto">{headingOf(opened, resource, t)}</h2>
            {opened.kind === 'password' ? (
              <PasswordForm
                path={`${resource.path}/${encodeURIComponent(opened.it.id)}/password`}
                onDone={() => setOpened(undefined)}
              />
            ) : (
              <ObjectForm
                key={opened.kind === 'edit' ? opened.it.id : 'new'}
                resource={resource}
                opened={opened.kind === 'edit' ? opened.it : undefined}
                onSaved={(it) => {
                  refresh();
                  toast(t('admin.saved', { name: resource.nameOf(it) }));
                  setOpened(undefined);
                }}
                onClose={() => setOpened(undefined)}
              />
            )}
          </aside>
        )
      }
    />
  );
}

function idOf(it: Editable): string {
  return it.id;
}

function headingOf<T extends Editable>(
  opened: Opened<T>,
  resource: Resource<T>,
  t: ReturnType<typeof useText>,
): string {
  return opened.kind === 'new' ? t(resource.add) : resource.nameOf(opened.it);
}

/** The objects, read anew whenever the server says that one of their kind has changed. */
function useObjects<T extends Editable>(resource: Resource<T>) {
  const queries = useQueryClient();
  const key = ['admin', resource.object];
  useTopic('admin');
  const rows = useQuery({
    queryKey: key,
    queryFn: async () => (await ask<{ items: T[] }>('get', resource.path)).items,
  });
  const refresh = () => void queries.invalidateQueries({ queryKey: key });
  useFrames('admin.changed', ({ d }) => {
    if ((d as { object: string }).object === resource.object) refresh();
  });
  return { rows, refresh };
}

function useCommands<T extends Editable>(resource: Resource<T>, refresh: () => void) {
  const t = useText();
  const confirm = useConfirm();
  const says = useRefusalText();
  const run = async (command: () => Promise<unknown>) => {
    try {
      await command();
    } catch (error) {
      toast(says(error), 'missed');
    }
    refresh();
  };
  const pathOf = (it: T) => `${resource.path}/${encodeURIComponent(it.id)}`;
  return {
    power: (it: T, isOff: boolean) =>
      run(() =>
        ask('post', `${pathOf(it)}/${isOff ? 'enable' : 'disable'}`, { ifMatch: it.version }),
      ),
    remove: async (it: T) => {
      const text = t('admin.removeAsk', { name: resource.nameOf(it) });
      if (!(await confirm({ text, isDangerous: true }))) return;
      await run(() => ask('delete', pathOf(it), { ifMatch: it.version }));
    },
  };
}

function PasswordForm({ path, onDone }: { readonly path: string; readonly onDone: () => void }) {
  const t = useText();
  const says = useRefusalText();
  const [password, setPassword] = useState('');
  const [failure, setFailure] = useState<unknown>();
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    try {
      await ask('post', path, { body: { password } });
      toast(t('admin.passwordSet'));
      onDone();
    } catch (error) {
      setFailure(error);
    }
  };
  const beside = (failure as { fields?: ReadonlyMap<string, { message: string }> })?.fields?.get(
    'password',
  )?.message;
  return (
    <form className={css.form} onSubmit={submit} noValidate>
      <PasswordField
        label={t('admin.newPassword')}
        value={password}
        onChange={setPassword}
        isRequired
        autoFocus
        autoComplete="new-password"
        error={failure === undefined ? undefined : (beside ?? says(failure))}
      />
      <div className={css.buttons}>
        <Button kind="primary" type="submit" isDisabled={password === ''}>
          {t('admin.save')}
        </Button>
        <Button onPress={onDone}>{t('admin.close')}</Button>
      </div>
    </form>
  );
}
