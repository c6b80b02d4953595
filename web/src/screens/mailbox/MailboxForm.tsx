import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useEffect, useState } from 'react';
import { ask } from '../../api/ask';
import { Refused } from '../../api/refused';
import type { Mailbox } from '../../api/types';
import { useText } from '../../i18n/I18n';
import { Button } from '../../ui/Button';
import { Field, PasswordField } from '../../ui/Field';
import { Loaded, useRefusalText } from '../../ui/States';
import { toast } from '../../ui/toasts';
import css from '../admin/admin.module.css';

interface Props {
  /** Where the mailbox is, below `/api/v1`. */
  readonly path: string;
  readonly onUnsaved?: (isUnsaved: boolean) => void;
  readonly onClose: () => void;
}

/** What is set for the mailbox of a line: letters about messages, and the PIN. */
export function MailboxForm({ path, onUnsaved, onClose }: Props) {
  const mailbox = useQuery({
    queryKey: ['mailbox', path],
    queryFn: () => ask<Mailbox>('get', path),
  });
  return (
    <Loaded query={mailbox}>
      {(it) => (
        <>
          <Letters path={path} mailbox={it} onUnsaved={onUnsaved} onClose={onClose} />
          <Pin path={path} hasPin={it.has_pin} />
        </>
      )}
    </Loaded>
  );
}

type LetterProps = Pick<Props, 'path' | 'onClose'> & {
  readonly mailbox: Mailbox;
  readonly onUnsaved: Props['onUnsaved'] | undefined;
};

/** Where the owner is written to when somebody leaves a message. */
function Letters({ path, mailbox, onUnsaved, onClose }: LetterProps) {
  const t = useText();
  const { save, errorOf } = useSaving(path);
  const [email, setEmail] = useState(mailbox.email ?? '');
  const [attach, setAttach] = useState(mailbox.attach);
  const [deleteSent, setDeleteSent] = useState(mailbox.delete_sent);
  const isUnsaved =
    email !== (mailbox.email ?? '') ||
    attach !== mailbox.attach ||
    deleteSent !== mailbox.delete_sent;
  useEffect(() => onUnsaved?.(isUnsaved), [isUnsaved, onUnsaved]);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const body = { email: email.trim() || null, attach, delete_sent: deleteSent };
    await save(path, body, t('mailbox.saved'));
  };
  return (
    <form className={css.form} onSubmit={submit} noValidate>
      <p className={css.note}>{t('mailbox.counts', { new: mailbox.new, saved: mailbox.saved })}</p>
      <Field
        label={t('mailbox.email')}
        value={email}
        onChange={setEmail}
        type="email"
        hint={t(mailbox.can_write ? 'mailbox.emailHint' : 'mailbox.noMail')}
        error={errorOf('email')}
      />
      <Switch label={t('mailbox.attach')} value={attach} onChange={setAttach} />
      <Switch
        label={t('mailbox.deleteSent')}
        value={deleteSent}
        isDisabled={!attach}
        onChange={setDeleteSent}
      />
      <div className={css.buttons}>
        <Button kind="primary" type="submit" isDisabled={!isUnsaved}>
          {t('admin.save')}
        </Button>
        <Button onPress={onClose}>{t('admin.close')}</Button>
      </div>
    </form>
  );
}

/** What opens the mailbox by telephone. */
function Pin({ path, hasPin }: { readonly path: string; readonly hasPin: boolean }) {
  const t = useText();
  const { save, errorOf } = useSaving(path);
  const [pin, setPin] = useState('');
  const set = async (next: string | null) => {
    const told = t(next === null ? 'mailbox.pinRemoved' : 'mailbox.pinSet');
    if (await save(`${path}/pin`, { pin: next }, told)) setPin('');
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void set(pin);
  };
  return (
    <form className={css.form} onSubmit={submit} noValidate>
      <PasswordField
        label={t('mailbox.pin')}
        value={pin}
        onChange={setPin}
        inputMode="numeric"
        autoComplete="off"
        hint={t(hasPin ? 'mailbox.hasPin' : 'mailbox.hasNoPin')}
        error={errorOf('pin')}
      />
      <div className={css.buttons}>
        <Button type="submit" isDisabled={pin === ''}>
          {t('mailbox.setPin')}
        </Button>
        <Button isDisabled={!hasPin} onPress={() => void set(null)}>
          {t('mailbox.removePin')}
        </Button>
      </div>
    </form>
  );
}

interface SwitchProps {
  readonly label: string;
  readonly value: boolean;
  readonly isDisabled?: boolean;
  readonly onChange: (value: boolean) => void;
}

function Switch({ label, value, isDisabled = false, onChange }: SwitchProps) {
  return (
    <label className={css.check}>
      <input
        type="checkbox"
        checked={value}
        disabled={isDisabled}
        onChange={(event) => onChange(event.target.checked)}
      />
      {label}
    </label>
  );
}

/** Sends a change, tells of it, and says what is wrong beside a field. */
function useSaving(path: string) {
  const says = useRefusalText();
  const queries = useQueryClient();
  const [failure, setFailure] = useState<unknown>();
  const save = async (where: string, body: unknown, told: string): Promise<boolean> => {
    try {
      await ask('put', where, { body });
    } catch (error) {
      setFailure(error);
      return false;
    }
    setFailure(undefined);
    toast(told);
    await queries.invalidateQueries({ queryKey: ['mailbox', path] });
    return true;
  };
  const errorOf = (field: string): string | undefined => {
    if (failure === undefined) return undefined;
    const beside = failure instanceof Refused ? failure.fields.get(field)?.message : undefined;
    return beside ?? says(failure);
  };
  return { save, errorOf };
}
