import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { api } from '../../api/client';
import { Refused } from '../../api/refused';
import { useText } from '../../i18n/I18n';
import { Button } from '../../ui/Button';
import { Field, PasswordField } from '../../ui/Field';
import { useRefusalText } from '../../ui/States';
import { toast } from '../../ui/toasts';
import styles from './Login.module.css';
import { LoginCard } from './LoginPage';
import { useDomain } from './useDomain';

/** Two steps: the request, and, by the token of the e-mail, the new password. */
export function RecoverPage() {
  const t = useText();
  const { token } = useSearch({ from: '/recover' });

  return (
    <LoginCard title={t('recover.title')}>
      {token ? <NewPassword token={token} /> : <Request />}
      <p className={styles.links}>
        <Link to="/login">{t('recover.back')}</Link>
      </p>
    </LoginCard>
  );
}

function Request() {
  const t = useText();
  const says = useRefusalText();
  const { field: domainField, meant } = useDomain();
  const [login, setLogin] = useState('');
  const [isSent, setSent] = useState(false);
  const [isPending, setPending] = useState(false);
  const [errors, setErrors] = useState<{ domain?: string; login?: string; form?: string }>({});
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setPending(true);
    try {
      const wanted = { domain: await meant(), login: login.trim() };
      const missing = t('field.required');
      if (wanted.domain === '' || wanted.login === '') {
        return setErrors({
          ...(wanted.domain === '' && { domain: missing }),
          ...(wanted.login === '' && { login: missing }),
        });
      }
      await api.POST('/auth/recover', { body: wanted });
      setSent(true);
    } catch (refusal) {
      setErrors({ form: says(refusal) });
    } finally {
      setPending(false);
    }
  };

  // The same words whether or not there is such a user.
  if (isSent) return <p role="status">{t('recover.sent')}</p>;
  return (
    <form className={styles.form} onSubmit={submit} noValidate>
      <p>{t('recover.how')}</p>
      <Field
        label={t('login.domain')}
        isRequired
        {...domainField}
        error={errors.domain}
        autoComplete="organization"
      />
      <Field
        label={t('login.login')}
        isRequired
        autoFocus
        value={login}
        onChange={setLogin}
        error={errors.login}
        autoComplete="username"
      />
      <Button type="submit" kind="primary" isDisabled={isPending}>
        {t('recover.send')}
      </Button>
      <p className={styles.formError} role="alert">
        {errors.form}
      </p>
    </form>
  );
}

function NewPassword({ token }: { token: string }) {
  const t = useText();
  const says = useRefusalText();
  const navigate = useNavigate();
  const [password, setPassword] = useState('');
  const [repeated, setRepeated] = useState('');
  const [errors, setErrors] = useState<{ password?: string; repeated?: string; form?: string }>({});
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const missing = t('field.required');
    if (password === '' || repeated === '') {
      return setErrors({
        ...(password === '' && { password: missing }),
        ...(repeated === '' && { repeated: missing }),
      });
    }
    if (password !== repeated) return setErrors({ repeated: t('password.differs') });
    try {
      await api.POST('/auth/recover/confirm', { body: { token, password } });
      toast(t('recover.done'));
      await navigate({ to: '/login' });
    } catch (refusal) {
      const fields = refusal instanceof Refused ? refusal.fields : new Map();
      const [beside, link] = [fields.get('password')?.message, fields.get('token')?.message];
      setErrors(beside ? { password: beside } : { form: link ?? says(refusal) });
    }
  };

  return (
    <form className={styles.form} onSubmit={submit} noValidate>
      <PasswordField
        label={t('password.new')}
        isRequired
        autoFocus
        value={password}
        onChange={setPassword}
        error={errors.password}
        autoComplete="new-password"
      />
      <PasswordField
        label={t('password.repeat')}
        isRequired
        value={repeated}
        onChange={setRepeated}
        error={errors.repeated}
        autoComplete="new-password"
      />
      <Button type="submit" kind="primary">
        {t('password.save')}
      </Button>
      <p className={styles.formError} role="alert">
        {errors.form}
      </p>
    </form>
  );
}
