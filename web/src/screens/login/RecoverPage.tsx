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
  const [domain, setDomain] = useState(localStorage.getItem('tandem.domain') ?? '');
  const [login, setLogin] = useState('');
  const [isSent, setSent] = useState(false);
  const [error, setError] = useState<string>();
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    try {
      await api.POST('/auth/recover', { body: { domain: domain.trim(), login: login.trim() } });
      setSent(true);
    } catch (refusal) {
      setError(says(refusal));
    }
  };

  // The same words whether or not there is such a user.
  if (isSent) return <p role="status">{t('recover.sent')}</p>;
  return (
    <form className={styles.form} onSubmit={submit} noValidate>
      <p>{t('recover.how')}</p>
      <Field label={t('login.domain')} isRequired value={domain} onChange={setDomain} />
      <Field label={t('login.login')} isRequired autoFocus value={login} onChange={setLogin} />
      <Button type="submit" kind="primary" isDisabled={domain.trim() === '' || login.trim() === ''}>
        {t('recover.send')}
      </Button>
      <p className={styles.formError} role="alert">
        {error}
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
    if (password !== repeated) return setErrors({ repeated: t('password.differs') });
    try {
      await api.POST('/auth/recover/confirm', { body: { token, password } });
      toast(t('recover.done'));
      await navigate({ to: '/login' });
    } catch (refusal) {
      const field = refusal instanceof Refused ? refusal.fields.get('password') : undefined;
      setErrors(field ? { password: field.message } : { form: says(refusal) });
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
      <Button type="submit" kind="primary" isDisabled={password === '' || repeated === ''}>
        {t('password.save')}
      </Button>
      <p className={styles.formError} role="alert">
        {errors.form}
      </p>
    </form>
  );
}
