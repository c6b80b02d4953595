import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useRef, useState } from 'react';
import { api } from '../../api/client';
import { Refused } from '../../api/refused';
import { useText } from '../../i18n/I18n';
import { Button } from '../../ui/Button';
import { PasswordField } from '../../ui/Field';
import { useRefusalText } from '../../ui/States';
import { toast } from '../../ui/toasts';
import styles from './Profile.module.css';

/** «Безопасность»: a new password, which ends all other sessions. */
export function Security() {
  const t = useText();
  const [isChanging, setChanging] = useState(false);
  const [hasChanged, setChanged] = useState(false);
  const close = () => {
    setChanging(false);
    setChanged(true);
  };

  return (
    <section className={styles.card} aria-labelledby="profile-security">
      <h2 id="profile-security">{t('profile.security')}</h2>
      <p className={styles.note}>{t('profile.securityHow')}</p>
      {isChanging ? (
        <PasswordForm close={close} />
      ) : (
        <div>
          <Button autoFocus={hasChanged} onPress={() => setChanging(true)}>
            {t('profile.changePassword')}
          </Button>
        </div>
      )}
    </section>
  );
}

const FIELDS = ['old', 'new', 'repeated'] as const;
type FieldName = (typeof FIELDS)[number];

function PasswordForm({ close }: { close: () => void }) {
  const t = useText();
  const says = useRefusalText();
  const queries = useQueryClient();
  const [values, setValues] = useState<Record<FieldName, string>>({
    old: '',
    new: '',
    repeated: '',
  });
  const [errors, setErrors] = useState<Partial<Record<FieldName | 'form', string>>>({});
  const inputs = useRef<Partial<Record<FieldName, HTMLInputElement | null>>>({});

  const refuse = (next: typeof errors) => {
    setErrors(next);
    inputs.current[FIELDS.find((it) => next[it]) ?? 'old']?.focus();
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const empty = FIELDS.filter((it) => values[it] === '');
    if (empty.length > 0) {
      return refuse(Object.fromEntries(empty.map((it) => [it, t('field.required')])));
    }
    if (values.new !== values.repeated) return refuse({ repeated: t('password.differs') });
    try {
      await api.POST('/me/password', { body: { old: values.old, new: values.new } });
      toast(t('profile.passwordChanged'));
      await queries.invalidateQueries({ queryKey: ['sessions'] });
      close();
    } catch (error) {
      const fields = error instanceof Refused ? [...error.fields] : [];
      refuse(
        fields.length > 0
          ? Object.fromEntries(fields.map(([field, { message }]) => [field, message]))
          : { form: says(error) },
      );
    }
  };
  const field = (name: FieldName, label: string, autoComplete: string) => (
    <PasswordField
      label={label}
      isRequired
      autoFocus={name === 'old'}
      value={values[name]}
      onChange={(value) => setValues({ ...values, [name]: value })}
      error={errors[name]}
      autoComplete={autoComplete}
      inputRef={(it) => {
        inputs.current[name] = it;
      }}
    />
  );

  return (
    <form
      className={styles.form}
      onSubmit={submit}
      onKeyDown={(event) => event.key === 'Escape' && close()}
      noValidate
    >
      {field('old', t('password.old'), 'current-password')}
      {field('new', t('password.new'), 'new-password')}
      {field('repeated', t('password.repeat'), 'new-password')}
      <p className={styles.error} role="alert">
        {errors.form}
      </p>
      <div className={styles.buttons}>
        <Button type="submit" kind="primary">
          {t('password.save')}
        </Button>
        <Button onPress={close}>{t('dialog.cancel')}</Button>
      </div>
    </form>
  );
}
