import { Eye, KeyRound, Pencil, Plus, Power, Trash2 } from 'lucide-react';
import { useMemo, useState } from 'react';
import { ask, ifUnchanged } from '../../api/ask';
import { useSession } from '../../app/session';
import { useText } from '../../i18n/I18n';
import type { GridSpec } from '../../list/columns';
import { LocalScreen } from '../../list/LocalScreen';
import type { Action } from '../../list/OverflowBar';
import { useConfirm } from '../../ui/Confirm';
import { ErrorState, useRefusalText } from '../../ui/States';
import { toast } from '../../ui/toasts';
import css from './admin.module.css';
import { ObjectForm } from './ObjectForm';
import { madeUpIn, PasswordForm, ToldPassword } from './PasswordForm';
import type { Editable, Resource } from './resource';
import { useObjects } from './useObjects';
import { useUnsaved } from './useUnsaved';

type Opened<T> =
  | { readonly kind: 'new' }
  | { readonly kind: 'edit' | 'password'; readonly it: T }
  | { readonly kind: 'more'; readonly it: T; readonly nth: number }
  | { readonly kind: 'told'; readonly it: T; readonly password: string };

/** Lists, makes, changes and removes the objects of one kind. */
export function ResourceScreen<T extends Editable>({
  resource,
}: {
  readonly resource: Resource<T>;
}) {
  const t = useText();
  const { may } = useSession();
  const { opened, open, show, setUnsaved } = useOpened<T>();
  const { rows, refresh, adopt } = useObjects<T>(resource.object, resource.path);
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
  if (rows.isLoadingError) return <ErrorState error={rows.error} retry={() => void refresh()} />;

  const actionsFor = (chosen: readonly T[]): readonly Action[] => {
    const [only] = chosen.length === 1 ? chosen : [];
    const isEditable = only !== undefined && resource.fixedBy?.(only) === undefined;
    const actions: Action[] = [];
    if (resource.canAdd) {
      actions.push({
        id: 'add',
        label: t(resource.add),
        icon: Plus,
        onPress: () => void open({ kind: 'new' }),
      });
    }
    actions.push({
      id: 'edit',
      label: t(only === undefined || isEditable ? 'admin.edit' : 'admin.open'),
      icon: only === undefined || isEditable ? Pencil : Eye,
      isDisabled: only === undefined,
      onPress: () => only && void open({ kind: 'edit', it: only }),
    });
    if (resource.password) {
      actions.push({
        id: 'password',
        label: t('admin.password'),
        icon: KeyRound,
        isDisabled: !isEditable,
        onPress: () => only && void open({ kind: 'password', it: only }),
      });
    }
    resource.more?.forEach(({ label, icon }, nth) => {
      actions.push({
        id: label,
        label: t(label),
        icon,
        isDisabled: !isEditable,
        onPress: () => only && void open({ kind: 'more', it: only, nth }),
      });
    });
    if (resource.command) {
      const { label, icon, isDisabled } = resource.command;
      actions.push({
        id: 'command',
        label: t(label),
        icon,
        isDisabled: only === undefined || isDisabled(only),
        onPress: () => only && void commands.command(only),
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
        isDisabled: !isEditable || resource.canRemove?.(only) === false,
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
      onOpen={(it) => void open({ kind: 'edit', it })}
      // A password that is shown once does not go by a key pressed too often.
      {...(opened?.kind !== 'told' && { onCloseCard: () => void open(undefined) })}
      card={
        opened && (
          <aside className={css.drawer} aria-label={headingOf(opened, resource, t)}>
            <h2 dir="auto">{headingOf(opened, resource, t)}</h2>
            <Drawer
              opened={opened}
              current={currentOf(opened, rows.data)}
              resource={resource}
              onSaved={(it, madeUp) => {
                if (opened.kind === 'edit') adopt(it);
                void refresh();
                const isPassword = opened.kind === 'password';
                toast(
                  isPassword
                    ? t('admin.passwordSet')
                    : t('admin.saved', { name: resource.nameOf(it) }),
                );
                show(madeUp === undefined ? undefined : { kind: 'told', it, password: madeUp });
              }}
              onUnsaved={setUnsaved}
              onClose={() => void open(undefined)}
            />
          </aside>
        )
      }
    />
  );
}

/** What is open beside the list. What would take its place asks first, if something typed is lost. */
function useOpened<T>() {
  const t = useText();
  const confirm = useConfirm();
  const [opened, setOpened] = useState<Opened<T>>();
  const [isUnsaved, setUnsaved] = useState(false);
  useUnsaved(isUnsaved, 'admin.unsavedAsk');

  const show = (next: Opened<T> | undefined) => {
    setUnsaved(false);
    setOpened(next);
  };
  const open = async (next: Opened<T> | undefined) => {
    const mayLose = !isUnsaved || confirm({ text: t('admin.unsavedAsk'), isDangerous: true });
    if (await mayLose) show(next);
  };
  return { opened, open, show, setUnsaved };
}

/** What is open as it was last read; `undefined` if it is new, or gone. */
function currentOf<T extends Editable>(
  opened: Opened<T>,
  rows: readonly T[] | undefined,
): T | undefined {
  if (opened.kind === 'new') return undefined;
  return rows?.find((it) => it.id === opened.it.id);
}

interface DrawerProps<T extends Editable> {
  readonly opened: Opened<T>;
  readonly current: T | undefined;
  readonly resource: Resource<T>;
  readonly onSaved: (it: T, madeUp: string | undefined) => void;
  readonly onUnsaved: (isUnsaved: boolean) => void;
  readonly onClose: () => void;
}

/** What is open beside the list. */
function Drawer<T extends Editable>(props: DrawerProps<T>) {
  const { opened, current, resource, onSaved, onUnsaved, onClose } = props;
  switch (opened.kind) {
    case 'password':
      return (
        <PasswordForm
          key={opened.it.id}
          path={`${resource.path}/${encodeURIComponent(opened.it.id)}/password`}
          canBeMadeUp={resource.password === 'typed_or_made_up'}
          onDone={(madeUp) => onSaved(opened.it, madeUp)}
          onUnsaved={onUnsaved}
          onClose={onClose}
        />
      );
    case 'more':
      return resource.more?.[opened.nth]?.form({ it: opened.it, onUnsaved, onClose });
    case 'told':
      return <ToldPassword password={opened.password} onClose={onClose} />;
    case 'new':
    case 'edit':
      return (
        <ObjectForm
          key={opened.kind === 'edit' ? opened.it.id : 'new'}
          resource={resource}
          opened={opened.kind === 'edit' ? opened.it : undefined}
          current={current}
          onSaved={(it) => onSaved(it, madeUpIn(it))}
          onUnsaved={onUnsaved}
          onClose={onClose}
        />
      );
  }
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

function useCommands<T extends Editable>(resource: Resource<T>, refresh: () => Promise<void>) {
  const t = useText();
  const confirm = useConfirm();
  const says = useRefusalText();
  const run = async (command: () => Promise<unknown>) => {
    try {
      await command();
    } catch (error) {
      toast(says(error), 'missed');
    }
    void refresh();
  };
  const pathOf = (it: T) => `${resource.path}/${encodeURIComponent(it.id)}`;
  return {
    power: (it: T, isOff: boolean) =>
      run(() =>
        ask('post', `${pathOf(it)}/${isOff ? 'enable' : 'disable'}`, ifUnchanged(it.version)),
      ),
    command: async (it: T) => {
      const { command } = resource;
      if (!command || !(await confirm({ text: command.question(it), isDangerous: true }))) return;
      await run(() => command.run(it));
    },
    remove: async (it: T) => {
      const text = t('admin.removeAsk', { name: resource.nameOf(it) });
      if (!(await confirm({ text, isDangerous: true }))) return;
      await run(() => ask('delete', pathOf(it), ifUnchanged(it.version)));
    },
  };
}
