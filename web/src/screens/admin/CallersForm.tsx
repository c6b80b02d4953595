import { useQuery, useQueryClient } from '@tanstack/react-query';
import { UserX } from 'lucide-react';
import { type FormEvent, useEffect, useState } from 'react';
import { ask } from '../../api/ask';
import { Refused } from '../../api/refused';
import type { Callers } from '../../api/types';
import { type TextId, useText } from '../../i18n/I18n';
import { Button } from '../../ui/Button';
import { LinesField } from '../../ui/Field';
import { ErrorState, Skeleton, useRefusalText } from '../../ui/States';
import { toast } from '../../ui/toasts';
import css from './admin.module.css';
import { type Editable, entriesOf, type More } from './resource';

/** Whom objects of a path take calls from, beside their list. */
export function callersOf<T extends Editable>(path: string, about: TextId): More<T> {
  return {
    label: 'callers.title',
    icon: UserX,
    form: ({ it, onUnsaved, onClose }) => (
      <CallersForm
        key={it.id}
        path={`${path}/${encodeURIComponent(it.id)}/callers`}
        about={about}
        onUnsaved={onUnsaved}
        onClose={onClose}
      />
    ),
  };
}

interface Props {
  /** Where the list is, below `/api/v1`. */
  readonly path: string;
  /** What it is for. */
  readonly about: TextId;
  readonly onUnsaved: (isUnsaved: boolean) => void;
  readonly onClose: () => void;
}

/** Callers from outside that are blocked, and those that alone are allowed. */
export function CallersForm({ path, ...rest }: Props) {
  const callers = useQuery({
    queryKey: ['callers', path],
    queryFn: () => ask<Callers>('get', path),
  });
  if (callers.isLoadingError) {
    return <ErrorState error={callers.error} retry={() => void callers.refetch()} />;
  }
  if (callers.data === undefined) return <Skeleton rows={3} />;
  return <Lists path={path} callers={callers.data} {...rest} />;
}

function Lists({
  path,
  about,
  callers,
  onUnsaved,
  onClose,
}: Props & { readonly callers: Callers }) {
  const t = useText();
  const says = useRefusalText();
  const queries = useQueryClient();
  const [failure, setFailure] = useState<unknown>();
  const [blocked, setBlocked] = useState(callers.blocked.join('\n'));
  const [allowed, setAllowed] = useState(callers.allowed.join('\n'));
  const isUnsaved =
    blocked !== callers.blocked.join('\n') || allowed !== callers.allowed.join('\n');
  useEffect(() => onUnsaved(isUnsaved), [isUnsaved, onUnsaved]);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const body = { blocked: entriesOf(blocked), allowed: entriesOf(allowed) };
    try {
      const saved = await ask<Callers>('put', path, { body });
      // As the server writes them.
      setBlocked(saved.blocked.join('\n'));
      setAllowed(saved.allowed.join('\n'));
      queries.setQueryData(['callers', path], saved);
    } catch (error) {
      setFailure(error);
      return;
    }
    setFailure(undefined);
    toast(t('callers.saved'));
  };
  const beside = failure instanceof Refused ? [...failure.fields] : [];
  const errorOf = (field: string) =>
    beside.find(([name]) => name === field || name.startsWith(`${field}[`))?.[1].message;
  return (
    <form className={css.form} onSubmit={submit} noValidate>
      <p className={css.note}>{t(about)}</p>
      <LinesField
        label={t('callers.blocked')}
        value={blocked}
        onChange={setBlocked}
        hint={t('callers.hint')}
        error={errorOf('blocked')}
      />
      <LinesField
        label={t('callers.allowed')}
        value={allowed}
        onChange={setAllowed}
        hint={t('callers.allowedHint')}
        error={errorOf('allowed')}
      />
      {failure !== undefined && beside.length === 0 && <p role="alert">{says(failure)}</p>}
      <div className={css.buttons}>
        <Button kind="primary" type="submit" isDisabled={!isUnsaved}>
          {t('admin.save')}
        </Button>
        <Button onPress={onClose}>{t('admin.close')}</Button>
      </div>
    </form>
  );
}
