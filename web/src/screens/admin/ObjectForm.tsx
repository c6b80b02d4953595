import { type FormEvent, useEffect, useRef, useState } from 'react';
import { ask, ifUnchanged } from '../../api/ask';
import { Refused } from '../../api/refused';
import { useText } from '../../i18n/I18n';
import { useFrames } from '../../live/LiveContext';
import { Button } from '../../ui/Button';
import { useRefusalText } from '../../ui/States';
import css from './admin.module.css';
import { FormField } from './FormField';
import { type Conflict, isChanged, merge, type Value, type Values } from './merge';
import { mistakesIn, useLead } from './mistakes';
import type { Editable, Resource } from './resource';

interface Props<T extends Editable> {
  readonly resource: Resource<T>;
  /** The object as it was opened; `undefined` for a new one. */
  readonly opened: T | undefined;
  /** The same object as it was last read; `undefined` once it is gone. */
  readonly current: T | undefined;
  readonly onSaved: (it: T) => void;
  readonly onUnsaved: (isUnsaved: boolean) => void;
  readonly onClose: () => void;
}

interface Draft {
  /** What the changes were made on. */
  readonly base: Values;
  readonly version: number | null;
  readonly values: Values;
  readonly conflicts: readonly Conflict[];
  readonly errors: ReadonlyMap<string, string>;
  readonly failure: unknown;
}

/** The form of one object. A save that meets another's change asks field by field; nothing is lost. */
export function ObjectForm<T extends Editable>(props: Props<T>) {
  const { resource, opened, current, onSaved, onUnsaved, onClose } = props;
  const t = useText();
  const says = useRefusalText();
  const [draft, setDraft] = useState<Draft>(() => draftOf(resource, opened));
  const [isSaving, setSaving] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const leadToMistake = useLead(form);
  const changed = useChange(resource.object, opened?.id, draft.version, current);
  const fixedBy = opened && resource.fixedBy?.(opened);
  const isFixed = fixedBy !== undefined;
  const isUnsaved = isChanged(draft.base, draft.values);
  useEffect(() => onUnsaved(isUnsaved), [isUnsaved, onUnsaved]);
  const remark = opened && resource.remark?.(opened);
  const fields = resource.fields.filter((it) => opened === undefined || !it.isOnlyNew);

  const set = (name: string, value: Value) =>
    setDraft((it) => ({
      ...it,
      values: { ...it.values, [name]: value },
      errors: new Map([...it.errors].filter(([field]) => field !== name)),
    }));
  const decide = (conflict: Conflict, value: Value) =>
    setDraft((it) => ({
      ...it,
      values: { ...it.values, [conflict.field]: value },
      conflicts: it.conflicts.filter((other) => other.field !== conflict.field),
    }));

  const save = async (event: FormEvent) => {
    event.preventDefault();
    const mistaken = fields.filter(
      (it) => it.kind === 'number' && !isNumber(draft.values[it.name] ?? ''),
    );
    if (mistaken.length > 0) {
      const errors = new Map(mistaken.map((it) => [it.name, t('admin.notNumber')]));
      setDraft((it) => ({ ...it, errors, failure: undefined }));
      leadToMistake();
      return;
    }
    setSaving(true);
    try {
      const saved = await send(resource, opened?.id, draft);
      onSaved(saved);
    } catch (error) {
      setDraft((it) => afterRefusal(resource, it, error));
      leadToMistake();
    } finally {
      setSaving(false);
    }
  };

  return (
    <form ref={form} className={css.objectForm} onSubmit={save} noValidate>
      {/* Where nothing in it can have the focus, a long form is scrolled by the keyboard all the same. */}
      <div className={css.fields} {...(isFixed && { tabIndex: 0 })}>
        {isFixed && <p className={css.note}>{fixedBy}</p>}
        {remark !== undefined && <p className={css.notice}>{remark}</p>}
        {fields.map((field, index) => (
          <FormField
            key={field.name}
            spec={field}
            value={draft.values[field.name] ?? ''}
            error={draft.errors.get(field.name)}
            isDisabled={isFixed}
            isFirst={index === 0}
            conflict={draft.conflicts.find((it) => it.field === field.name)}
            onChange={(value) => set(field.name, value)}
            onDecide={decide}
          />
        ))}
      </div>
      <div className={css.foot}>
        {changed && draft.conflicts.length === 0 && (
          <p className={css.notice} role="status">
            {told(changed, t)}
          </p>
        )}
        {draft.failure !== undefined && (
          <p className={css.failure} role="alert">
            {draft.conflicts.length > 0 ? t('admin.conflict') : says(draft.failure)}
          </p>
        )}
        <div className={css.buttons}>
          {!isFixed && (
            <Button
              kind="primary"
              type="submit"
              isDisabled={isSaving || draft.conflicts.length > 0 || !isUnsaved}
            >
              {t('admin.save')}
            </Button>
          )}
          <Button onPress={onClose}>{t('admin.close')}</Button>
        </div>
      </div>
    </form>
  );
}

function draftOf<T extends Editable>(resource: Resource<T>, opened: T | undefined): Draft {
  const base = opened ? resource.toValues(opened) : resource.initial;
  return {
    base,
    version: opened?.version ?? null,
    values: base,
    conflicts: [],
    errors: new Map(),
    failure: undefined,
  };
}

function send<T extends Editable>(
  resource: Resource<T>,
  id: string | undefined,
  draft: Draft,
): Promise<T> {
  const body = resource.toBody(draft.values, id === undefined);
  if (id === undefined) return ask<T>('post', resource.path, { body });
  const path = `${resource.path}/${encodeURIComponent(id)}`;
  return ask<T>('put', path, { body, ...ifUnchanged(draft.version) });
}

/** Errors go beside their fields; another's change is put together with mine. */
function afterRefusal<T extends Editable>(
  resource: Resource<T>,
  draft: Draft,
  error: unknown,
): Draft {
  if (!(error instanceof Refused)) return { ...draft, failure: error };
  const current = error.problem.current as T | undefined;
  if (error.code === 'version_conflict' && current) {
    const theirs = resource.toValues(current);
    const merged = merge(draft.base, draft.values, theirs);
    return {
      base: theirs,
      version: current.version,
      values: merged.values,
      conflicts: merged.conflicts,
      errors: new Map(),
      failure: error,
    };
  }
  const errors = mistakesIn(error, draft.values);
  const isAllBesideFields = errors.size > 0 && [...errors.keys()].every((it) => it in draft.values);
  return { ...draft, errors, failure: isAllBesideFields ? undefined : error };
}

/** Whether the server could read it as a count, or as none; which counts fit is its own to say. */
function isNumber(value: Value): boolean {
  return /^\d{0,9}$/.test(String(value).trim());
}

interface Change {
  /** Not known of what happened while the connection was lost. */
  readonly by: string | undefined;
  readonly isRemoved: boolean;
}

function told({ by, isRemoved }: Change, t: ReturnType<typeof useText>): string {
  if (by === undefined) return t(isRemoved ? 'admin.removed' : 'admin.changed');
  return t(isRemoved ? 'admin.removedBy' : 'admin.changedBy', { who: by });
}

/**
 * Whether somebody has changed or removed the open object meanwhile. The event tells who; an event that
 * was lost with the connection is made up for by the object as it is read anew.
 */
function useChange(
  object: string,
  id: string | undefined,
  version: number | null,
  current: Editable | undefined,
): Change | undefined {
  const [heard, setHeard] = useState<{ by: string; version: number | null }>();
  useFrames('admin.changed', ({ d }) => {
    const it = d as { object: string; id: string; version: number | null; by: string };
    if (it.object === object && it.id === id) setHeard(it);
  });
  if (id === undefined || version === null) return undefined;
  if (heard?.version === null) return { by: heard.by, isRemoved: true };
  if (current === undefined) return { by: undefined, isRemoved: true };
  const newest = Math.max(heard?.version ?? 0, current.version ?? 0);
  if (newest <= version) return undefined;
  return { by: newest === heard?.version ? heard.by : undefined, isRemoved: false };
}
