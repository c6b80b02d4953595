import { Link } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { ask, ifUnchanged } from '../../../api/ask';
import { Refused } from '../../../api/refused';
import type { Role } from '../../../api/types';
import { useServerText, useText } from '../../../i18n/I18n';
import { useFrames } from '../../../live/LiveContext';
import { Button } from '../../../ui/Button';
import { ErrorState, Skeleton, useRefusalText } from '../../../ui/States';
import { toast } from '../../../ui/toasts';
import { useObjects } from '../useObjects';
import { useUnsaved } from '../useUnsaved';
import { countMarked, type Marks, mark, rightsOf, without } from './marks';
import { RightsTable } from './RightsTable';
import css from './rights.module.css';
import { useRights } from './useRights';

/** What each role lets its holders do, side by side; the domain's own roles are marked here. */
export default function RightsScreen() {
  const t = useText();
  const says = useServerText();
  const rights = useRights();
  const { rows: roles, refresh } = useObjects<Role>('role', '/admin/roles');
  const [marks, setMarks] = useState<Marks>(new Map());
  const { save, isSaving, failure } = useSaving(marks, setMarks);
  const all = roles.data ?? [];
  const unsaved = countMarked(marks, all);
  const changed = useChanged(all, marks);
  useUnsaved(unsaved > 0, 'admin.rights.leaveAsk');

  const failed = roles.isLoadingError ? roles : rights.isLoadingError ? rights : undefined;
  if (failed) return <ErrorState error={failed.error} retry={() => void failed.refetch()} />;
  if (!roles.data || !rights.data) return <Skeleton rows={12} />;

  return (
    <div className={css.screen}>
      <header className={css.head}>
        <h1>{t('admin.section.rights')}</h1>
        <p className={css.state} role="status">
          {unsaved === 0
            ? t('admin.rights.allSaved')
            : t('admin.rights.unsaved', { count: unsaved })}
        </p>
        <Button
          kind="primary"
          isDisabled={unsaved === 0 || isSaving}
          onPress={async () => {
            await save(all);
            await refresh();
          }}
        >
          {t('admin.save')}
        </Button>
        <Button isDisabled={unsaved === 0 || isSaving} onPress={() => setMarks(new Map())}>
          {t('admin.rights.undo')}
        </Button>
      </header>
      <p className={css.hint}>
        {t(all.some((it) => !it.is_built_in) ? 'admin.rights.hint' : 'admin.rights.noOwn')}{' '}
        <Link to="/admin/$section" params={{ section: 'roles' }}>
          {t('admin.rights.toRoles')}
        </Link>
      </p>
      {failure !== undefined && (
        <p className={css.failure} role="alert">
          {failure}
        </p>
      )}
      {changed && (
        <p className={css.notice} role="status">
          {t('admin.rights.changedBy', { role: says(changed.role.title), who: changed.by })}
        </p>
      )}
      <RightsTable
        roles={all}
        rights={rights.data}
        marks={marks}
        onMark={(role, right, wanted) => setMarks((it) => mark(it, role, right, wanted))}
      />
    </div>
  );
}

/** Saves role by role. A role that another changed meanwhile gets the marks on top of that. */
function useSaving(marks: Marks, setMarks: (change: (marks: Marks) => Marks) => void) {
  const t = useText();
  const says = useServerText();
  const refusal = useRefusalText();
  const [isSaving, setSaving] = useState(false);
  const [failure, setFailure] = useState<string>();
  const save = async (roles: readonly Role[]) => {
    setSaving(true);
    setFailure(undefined);
    try {
      for (const role of roles.filter((it) => countMarked(marks, [it]) > 0)) {
        try {
          await saveRole(marks, role);
        } catch (error) {
          setFailure(`${says(role.title)}: ${refusal(error)}`);
          return;
        }
        setMarks((it) => without(it, role.id));
      }
      toast(t('admin.rights.saved'));
    } finally {
      setSaving(false);
    }
  };
  return { save, isSaving, failure };
}

async function saveRole(marks: Marks, role: Role): Promise<void> {
  const { code, title } = role;
  try {
    await ask('put', `/admin/roles/${role.id}`, {
      body: { code, title, rights: rightsOf(marks, role) },
      ...ifUnchanged(role.version),
    });
  } catch (error) {
    const isOvertaken = error instanceof Refused && error.code === 'version_conflict';
    const current = isOvertaken ? (error.problem.current as Role | undefined) : undefined;
    if (!current) throw error;
    await saveRole(marks, current);
  }
}

/** Who changed a role last while it had marks that are not saved. */
function useChanged(
  roles: readonly Role[],
  marks: Marks,
): { readonly role: Role; readonly by: string } | undefined {
  const [last, setLast] = useState<{ readonly id: string; readonly by: string }>();
  const hasMarks = (id: string | undefined) =>
    countMarked(
      marks,
      roles.filter((it) => it.id === id),
    ) > 0;
  useFrames('admin.changed', ({ d }) => {
    const it = d as { object: string; id: string; by: string };
    if (it.object === 'role' && hasMarks(it.id)) setLast(it);
  });
  const isOver = last !== undefined && !hasMarks(last.id);
  useEffect(() => {
    if (isOver) setLast(undefined);
  }, [isOver]);
  const role = roles.find((it) => it.id === last?.id);
  return role && last && !isOver ? { role, by: last.by } : undefined;
}
