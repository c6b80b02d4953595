import { Fragment, useId } from 'react';
import { useText } from '../../i18n/I18n';
import { Button } from '../../ui/Button';
import { Field, LinesField, PasswordField } from '../../ui/Field';
import css from './admin.module.css';
import type { Conflict, Value } from './merge';
import type { FieldSpec } from './resource';

interface Props {
  readonly spec: FieldSpec;
  readonly value: Value;
  readonly error: string | undefined;
  readonly isDisabled: boolean;
  readonly isFirst: boolean;
  readonly conflict: Conflict | undefined;
  readonly onChange: (value: Value) => void;
  readonly onDecide: (conflict: Conflict, value: Value) => void;
}

/** A field of an object's form, and beside it the choice when somebody else changed it too. */
export function FormField(props: Props) {
  const { spec, conflict, onDecide } = props;
  const t = useText();
  return (
    <div>
      <Control {...props} />
      {conflict && (
        <div className={css.conflict} role="group" aria-label={t(spec.label)}>
          <p>
            {t('admin.theirs')} <bdi>{shown(conflict.theirs, spec)}</bdi>
          </p>
          <div className={css.buttons}>
            <Button onPress={() => onDecide(conflict, conflict.mine)}>{t('admin.keepMine')}</Button>
            <Button onPress={() => onDecide(conflict, conflict.theirs)}>
              {t('admin.takeTheirs')}
            </Button>
          </div>
        </div>
      )}
    </div>
  );
}

function Control({ spec, value, error, isDisabled, isFirst, onChange }: Props) {
  const t = useText();
  const label = t(spec.label);
  const errorId = useId();
  const common = {
    label,
    value: String(value),
    onChange,
    error,
    isDisabled,
    isRequired: spec.isRequired ?? false,
    autoFocus: isFirst,
    hint: spec.hint && t(spec.hint),
  };
  switch (spec.kind) {
    case 'text':
      return <Field {...common} />;
    case 'number':
      return <Field {...common} inputMode="numeric" />;
    case 'lines':
      return <LinesField {...common} />;
    case 'password':
      return <PasswordField {...common} autoComplete="new-password" />;
    case 'switch':
      return (
        <label className={css.check}>
          <input
            type="checkbox"
            checked={value === true}
            disabled={isDisabled}
            onChange={(event) => onChange(event.target.checked)}
          />
          {label}
        </label>
      );
    case 'choice':
      return (
        <label className={css.choice}>
          <span>{label}</span>
          <select
            value={String(value)}
            disabled={isDisabled}
            aria-invalid={error !== undefined}
            aria-describedby={error === undefined ? undefined : errorId}
            onChange={(event) => onChange(event.target.value)}
          >
            {(spec.options ?? []).map((it) => (
              <option key={it.id} value={it.id}>
                {it.label}
              </option>
            ))}
          </select>
          {error !== undefined && <ErrorText id={errorId} text={error} />}
        </label>
      );
    case 'checks':
      return (
        <fieldset
          className={css.checks}
          aria-describedby={error === undefined ? undefined : errorId}
        >
          <legend>{label}</legend>
          {(spec.options ?? []).map((it, n, all) => (
            <Fragment key={it.id}>
              {it.group !== undefined && it.group !== all[n - 1]?.group && (
                <p className={css.group}>{it.group}</p>
              )}
              <label className={css.check}>
                <input
                  type="checkbox"
                  checked={Array.isArray(value) && value.includes(it.id)}
                  disabled={isDisabled || it.isDisabled}
                  onChange={(event) => onChange(toggled(value, it.id, event.target.checked))}
                />
                <bdi>{it.label}</bdi>
              </label>
            </Fragment>
          ))}
          {error !== undefined && <ErrorText id={errorId} text={error} />}
        </fieldset>
      );
  }
}

function ErrorText({ id, text }: { readonly id: string; readonly text: string }) {
  return (
    <span id={id} className={css.error}>
      {text}
    </span>
  );
}

function toggled(value: Value, id: string, on: boolean): Value {
  const chosen = Array.isArray(value) ? value.filter((it) => it !== id) : [];
  return on ? [...chosen, id] : chosen;
}

function shown(value: Value, spec: FieldSpec): string {
  const nameOf = (id: string) => spec.options?.find((it) => it.id === id)?.label ?? id;
  if (typeof value === 'boolean') return value ? '✓' : '—';
  if (typeof value === 'string') return (spec.options ? nameOf(value) : value) || '—';
  return value.map(nameOf).join(', ') || '—';
}
