import { type FormEvent, useState } from 'react';
import { ask } from '../../api/ask';
import { Refused } from '../../api/refused';
import { useText } from '../../i18n/I18n';
import { useFrames } from '../../live/LiveContext';
import { Button } from '../../ui/Button';
import { useRefusalText } from '../../ui/States';
import css from './admin.module.css';
import { FormField } from './FormField';
import { type Conflict, isChanged, merge, type Value, type Values } from './merge';
import type { Editable, Resource } from './resource';

interface Props<T extends Editable> {
  readonly resource: Resource<T>;
  /** The object as it was opened; `undefined` for a new one. */
  readonly opened: T | undefined;
  readonly onSaved: (it: T) => void;
  readonly onClose: () => void;
}

interface Draft {
  /** What the changes were made on. */
  readonly base: Values;
  readonly version: number | undefined;
  readonly values: Values;
  readonly conflicts: readonly Conflict[];
  readonly errors: ReadonlyMap<string, string>;
  readonly failure: unknown;
}

/** The form of one object. A save that meets another's change asks field by field; nothing is lost. */
export function ObjectForm<T extends Editable>({ resource, opened, onSaved, onClose }: Props<T>) {
  const t = useText();
  const says = useRefusalText();
  const [draft, setDraft] = useState<Draft>(() => draftOf(resource, opened));
  const [isSaving, setSaving] = useState(false);
  const changedBy = useChangedBy(resource.object, opened?.id, draft.version);
  const isFixed = opened !== undefined && (resource.isFixed?.(opened) ?? false);
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
    setSaving(true);
    try {
      const saved = await send(resource, opened?.id, draft);
      onSaved(saved);
    } catch (error) {
      setDraft((it) => afterRefusal(resource, it, error));
    } finally {
      setSaving(false);
    }
  };

  return (
    <form className={css.form} onSubmit={save} noValidate>
      {changedBy !== undefined && draft.conflicts.length === 0 && (
        <p className={css.notice} role="status">
          {t('admin.changedBy', { who: changedBy })}
        </p>
      )}
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
            isDisabled={
              isSaving || draft.conflicts.length > 0 || !isChanged(draft.base, draft.values)
            }
          >
            {t('admin.save')}
          </Button>
        )}
        <Button onPress={onClose}>{t('admin.close')}</Button>
      </div>
      {isFixed && <p className={css.note}>{t('admin.fixed')}</p>}
    </form>
  );
}

function draftOf<T extends Editable>(resource: Resource<T>, opened: T | undefined): Draft {
  const base = opened ? resource.toValues(opened) : resource.initial;
  return {
    base,
    version: opened?.version,
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
  return ask<T>('put', `${resource.path}/${encodeURIComponent(id)}`, {
    body,
    ...(draft.version !== undefined && { ifMatch: draft.version }),
  });
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
  const errors = new Map([...error.fields].map(([field, it]) => [field, it.message]));
  const isAllBesideFields = errors.size > 0 && [...errors.keys()].every((it) => it in draft.values);
  return { ...draft, errors, failure: isAllBesideFields ? undefined : error };
}

/** Who has changed the open object meanwhile. */
function useChangedBy(
  object: string,
  id: string | undefined,
  version: number | undefined,
): string | undefined {
  const [change, setChange] = useState<{ by: string; version: number }>();
  useFrames('admin.changed', ({ d }) => {
    const it = d as { object: string; id: string; version: number; by: string };
    if (it.object === object && it.id === id) setChange(it);
  });
  return change && version !== undefined && change.version > version ? change.by : undefined;
}
