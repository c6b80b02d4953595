import { type FormEvent, useEffect, useRef, useState } from 'react';
import { ask } from '../../api/ask';
import { Refused } from '../../api/refused';
import { useText } from '../../i18n/I18n';
import { Button } from '../../ui/Button';
import { copyFrom } from '../../ui/clipboard';
import { PasswordField } from '../../ui/Field';
import { useRefusalText } from '../../ui/States';
import css from './admin.module.css';

interface Props {
  /** Where the password is set, below `/api/v1`. */
  readonly path: string;
  /** Whether the server makes one up if there is none. */
  readonly canBeMadeUp: boolean;
  /** With the password, if the server made it up. */
  readonly onDone: (madeUp: string | undefined) => void;
  readonly onUnsaved: (isUnsaved: boolean) => void;
  readonly onClose: () => void;
}

/** Gives somebody or something another password. */
export function PasswordForm({ path, canBeMadeUp, onDone, onUnsaved, onClose }: Props) {
  const t = useText();
  const says = useRefusalText();
  const [password, setPassword] = useState('');
  const [failure, setFailure] = useState<unknown>();
  const [isSaving, setSaving] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const isUnsaved = password !== '';
  useEffect(() => onUnsaved(isUnsaved), [isUnsaved, onUnsaved]);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setSaving(true);
    try {
      const body = password === '' ? {} : { password };
      onDone(madeUpIn(await ask('post', path, { body })));
    } catch (error) {
      setFailure(error);
      setSaving(false);
      field.current?.focus();
    }
  };
  const beside = failure instanceof Refused ? failure.fields.get('password')?.message : undefined;
  return (
    <form className={css.form} onSubmit={submit} noValidate>
      <PasswordField
        label={t('admin.newPassword')}
        value={password}
        onChange={setPassword}
        isRequired={!canBeMadeUp}
        hint={canBeMadeUp ? t('admin.passwordHint') : undefined}
        autoFocus
        inputRef={field}
        autoComplete="new-password"
        error={failure === undefined ? undefined : (beside ?? says(failure))}
      />
      <div className={css.buttons}>
        <Button
          kind="primary"
          type="submit"
          isDisabled={isSaving || (password === '' && !canBeMadeUp)}
        >
          {t('admin.save')}
        </Button>
        <Button onPress={onClose}>{t('admin.close')}</Button>
      </div>
    </form>
  );
}

/** A password that the server made up: here it is to be seen, and nowhere else. */
export function ToldPassword(props: { readonly password: string; readonly onClose: () => void }) {
  const t = useText();
  const text = useRef<HTMLElement>(null);
  const [isCopied, setCopied] = useState(false);
  const copy = async () => setCopied(await copyFrom(text.current));
  return (
    <div className={css.form}>
      <p className={css.notice}>{t('admin.passwordOnce')}</p>
      <p>
        <span className={css.note}>{t('admin.users.password')}</span>
        <code ref={text} className={css.secret}>
          {props.password}
        </code>
      </p>
      <div className={css.buttons}>
        <Button kind="primary" autoFocus onPress={copy}>
          {t('admin.copy')}
        </Button>
        <Button onPress={props.onClose}>{t('admin.close')}</Button>
      </div>
      <p className={css.note} role="status">
        {isCopied ? t('admin.copied') : ''}
      </p>
    </div>
  );
}

/** What the server answers where it made a password up. */
export function madeUpIn(answer: unknown): string | undefined {
  return (answer as { password?: string | null } | undefined)?.password ?? undefined;
}
