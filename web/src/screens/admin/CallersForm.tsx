import { useQuery, useQueryClient } from '@tanstack/react-query';
import { UserX } from 'lucide-react';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import { ask } from '../../api/ask';
import { Refused } from '../../api/refused';
import type { Callers } from '../../api/types';
import { type TextId, useText } from '../../i18n/I18n';
import { Button } from '../../ui/Button';
import { LinesField } from '../../ui/Field';
import { Loaded, useRefusalText } from '../../ui/States';
import { toast } from '../../ui/toasts';
import css from './admin.module.css';
import { isChanged } from './merge';
import { mistakesIn, useLead } from './mistakes';
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
  return <Loaded query={callers}>{(it) => <Lists path={path} callers={it} {...rest} />}</Loaded>;
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
  const form = useRef<HTMLFormElement>(null);
  const leadToMistake = useLead(form);
  const [isSaving, setSaving] = useState(false);
  const [failure, setFailure] = useState<unknown>();
  const [values, setValues] = useState(() => valuesOf(callers));
  const isUnsaved = isChanged(valuesOf(callers), values);
  useEffect(() => onUnsaved(isUnsaved), [isUnsaved, onUnsaved]);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const body = { blocked: entriesOf(values.blocked), allowed: entriesOf(values.allowed) };
    setSaving(true);
    try {
      const saved = await ask<Callers>('put', path, { body });
      // As the server writes them.
      setValues(valuesOf(saved));
      queries.setQueryData(['callers', path], saved);
      setFailure(undefined);
      toast(t('callers.saved'));
    } catch (error) {
      setFailure(error);
      leadToMistake();
    } finally {
      setSaving(false);
    }
  };
  const mistakes: ReadonlyMap<string, string> =
    failure instanceof Refused ? mistakesIn(failure, values) : new Map();
  const isToldBeside = mistakes.size > 0 && [...mistakes.keys()].every((it) => it in values);
  const listProps = (field: keyof typeof values) => ({
    label: t(`callers.${field}`),
    value: values[field],
    onChange: (value: string) => setValues((it) => ({ ...it, [field]: value })),
    error: mistakes.get(field),
  });
  return (
    <form ref={form} className={css.form} onSubmit={submit} noValidate>
      <p className={css.note}>{t(about)}</p>
      <LinesField {...listProps('blocked')} hint={t('callers.hint')} />
      <LinesField {...listProps('allowed')} hint={t('callers.allowedHint')} />
      {failure !== undefined && !isToldBeside && (
        <p className={css.failure} role="alert">
          {says(failure)}
        </p>
      )}
      <div className={css.buttons}>
        <Button kind="primary" type="submit" isDisabled={isSaving || !isUnsaved}>
          {t('admin.save')}
        </Button>
        <Button onPress={onClose}>{t('admin.close')}</Button>
      </div>
    </form>
  );
}

/** Each list with an entry a line. */
function valuesOf({ blocked, allowed }: Callers) {
  return { blocked: blocked.join('\n'), allowed: allowed.join('\n') };
}
