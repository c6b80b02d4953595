import { type FormEvent, useRef, useState } from 'react';
import { api, body } from '../../api/client';
import { Refused } from '../../api/refused';
import type { Me } from '../../api/types';
import { useText } from '../../i18n/I18n';
import { Button } from '../../ui/Button';
import { Field, PasswordField } from '../../ui/Field';
import { useRefusalText } from '../../ui/States';
import styles from './Login.module.css';
import { rememberDomain, useDomain } from './useDomain';

interface Props {
  /** Who signs in again: then only the password is asked for. */
  readonly who?: { readonly domain: string; readonly login: string };
  readonly onSignedIn: (me: Me) => void;
}

const FIELDS = ['domain', 'login', 'password'] as const;
type FieldName = (typeof FIELDS)[number];
type Errors = Partial<Record<FieldName | 'form', string>>;

/** Domain, login, password; what is wrong stands beside its field, and the first such gets the focus. */
export function LoginForm({ who, onSignedIn }: Props) {
  const t = useText();
  const says = useRefusalText();
  const { field: domainField, meant } = useDomain(who?.domain);
  const [login, setLogin] = useState(who?.login ?? '');
  const [password, setPassword] = useState('');
  const [errors, setErrors] = useState<Errors>({});
  const [isPending, setPending] = useState(false);
  const inputs = useRef<Partial<Record<FieldName, HTMLInputElement | null>>>({});

  const refuse = (next: Errors) => {
    setErrors(next);
    const first = FIELDS.find((it) => next[it]);
    inputs.current[first ?? 'password']?.focus();
    if (!first) inputs.current.password?.select();
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setPending(true);
    try {
      const credentials = { domain: await meant(), login: login.trim(), password };
      const empty = FIELDS.filter((it) => credentials[it] === '');
      if (empty.length > 0) {
        return refuse(Object.fromEntries(empty.map((it) => [it, t('field.required')])));
      }
      const me = await body(api.POST('/auth/login', { body: credentials }));
      rememberDomain(credentials.domain);
      onSignedIn(me);
    } catch (error) {
      const fields = error instanceof Refused ? error.fields : new Map();
      refuse({
        ...Object.fromEntries([...fields].map(([field, { message }]) => [field, message])),
        ...(fields.size === 0 && { form: refusal(error) }),
      });
    } finally {
      setPending(false);
    }
  };
  const refusal = (error: unknown): string => {
    if (error instanceof Refused && error.code === 'too_many_attempts' && error.retryAfter) {
      return t('login.tooManyAttempts', { seconds: error.retryAfter });
    }
    return says(error);
  };

  return (
    <form className={styles.form} onSubmit={submit} noValidate>
      {who === undefined && (
        <>
          <Field
            label={t('login.domain')}
            isRequired
            {...domainField}
            error={errors.domain}
            autoComplete="organization"
            inputRef={(it) => {
              inputs.current.domain = it;
            }}
          />
          <Field
            label={t('login.login')}
            isRequired
            autoFocus
            value={login}
            onChange={setLogin}
            error={errors.login}
            autoComplete="username"
            inputRef={(it) => {
              inputs.current.login = it;
            }}
          />
        </>
      )}
      <PasswordField
        label={t('login.password')}
        isRequired
        autoFocus={who !== undefined}
        value={password}
        onChange={setPassword}
        error={errors.password}
        autoComplete="current-password"
        inputRef={(it) => {
          inputs.current.password = it;
        }}
      />
      <Button type="submit" kind="primary" isDisabled={isPending}>
        {t('login.submit')}
      </Button>
      <p className={styles.formError} role="alert">
        {errors.form}
      </p>
    </form>
  );
}
