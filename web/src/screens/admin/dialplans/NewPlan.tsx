import { type FormEvent, useState } from 'react';
import { useText } from '../../../i18n/I18n';
import { Button } from '../../../ui/Button';
import { Field } from '../../../ui/Field';
import css from './dialplans.module.css';
import { fileName } from './drafts';

interface Props {
  readonly taken: ReadonlySet<string>;
  readonly onNamed: (name: string) => void;
  readonly onClose: () => void;
}

/** Asks what a new file is to be called. */
export function NewPlan({ taken, onNamed, onClose }: Props) {
  const t = useText();
  const [value, setValue] = useState('');
  const [error, setError] = useState<string>();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const name = fileName(value);
    if (name === undefined) setError(t('admin.plans.nameRule'));
    else if (taken.has(name)) setError(t('admin.plans.nameTaken'));
    else onNamed(name);
  };
  return (
    <form className={css.newPlan} onSubmit={submit} noValidate>
      <Field
        label={t('admin.plans.name')}
        value={value}
        onChange={(it) => {
          setValue(it);
          setError(undefined);
        }}
        error={error}
        isRequired
        autoFocus
      />
      <div className={css.buttons}>
        <Button kind="primary" type="submit">
          {t('admin.plans.make')}
        </Button>
        <Button onPress={onClose}>{t('admin.close')}</Button>
      </div>
    </form>
  );
}
