import { FlaskConical } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { ask } from '../../../api/ask';
import { Refused } from '../../../api/refused';
import type { Tested, TestedStep } from '../../../api/types';
import { useServerText, useText } from '../../../i18n/I18n';
import { Button } from '../../../ui/Button';
import { Field } from '../../../ui/Field';
import { useRefusalText } from '../../../ui/States';
import css from './dialplans.module.css';

interface Outcome {
  /** The text that it was tried on. */
  readonly text: string;
  readonly tested?: Tested;
  readonly failure?: unknown;
}

interface Props {
  readonly name: string;
  readonly text: string;
  readonly onGo: (place: { file: string; line: number }) => void;
}

/** «Проба»: where a call from one number to another would go, by the text as it stands. */
export function PlanTest({ name, text, onGo }: Props) {
  const t = useText();
  const [call, setCall] = useState({ from: '', to: '', trunk: '' });
  const [isAsked, setAsked] = useState(false);
  const [isRunning, setRunning] = useState(false);
  const [outcome, setOutcome] = useState<Outcome>();
  const set = (part: Partial<typeof call>) => setCall((it) => ({ ...it, ...part }));
  const missing = (value: string) =>
    isAsked && value.trim() === '' ? t('admin.plans.needed') : undefined;

  const run = async (event: FormEvent) => {
    event.preventDefault();
    setAsked(true);
    const [from, to, trunk] = [call.from.trim(), call.to.trim(), call.trunk.trim()];
    if (from === '' || to === '') return;
    setRunning(true);
    try {
      const body = { from, to, name, text, ...(trunk !== '' && { trunk }) };
      setOutcome({
        text,
        tested: await ask<Tested>('post', '/admin/dialplans/test', { body }),
      });
    } catch (failure) {
      setOutcome({ text, failure });
    } finally {
      setRunning(false);
    }
  };

  return (
    <section className={css.test} aria-label={t('admin.plans.test')}>
      <h2>{t('admin.plans.test')}</h2>
      <form onSubmit={run} noValidate>
        <Field
          label={t('admin.plans.from')}
          value={call.from}
          onChange={(from) => set({ from })}
          error={missing(call.from)}
        />
        <Field
          label={t('admin.plans.to')}
          value={call.to}
          onChange={(to) => set({ to })}
          error={missing(call.to)}
        />
        <Field
          label={t('admin.plans.trunk')}
          value={call.trunk}
          onChange={(trunk) => set({ trunk })}
        />
        <Button icon={FlaskConical} type="submit" isDisabled={isRunning}>
          {t('admin.plans.try')}
        </Button>
      </form>
      <div role="status">
        {outcome && <Shown outcome={outcome} isStale={outcome.text !== text} onGo={onGo} />}
      </div>
    </section>
  );
}

function Shown(props: {
  readonly outcome: Outcome;
  readonly isStale: boolean;
  readonly onGo: Props['onGo'];
}) {
  const { outcome, isStale, onGo } = props;
  const t = useText();
  const says = useRefusalText();
  const inMyLanguage = useServerText();
  const { tested, failure } = outcome;
  return (
    <>
      {isStale && <p className={css.note}>{t('admin.plans.staleTest')}</p>}
      {failure !== undefined && (
        <p className={css.failed}>{isBroken(failure) ? t('admin.plans.broken') : says(failure)}</p>
      )}
      {tested && (
        <>
          <p className={css.outcome}>
            {t('admin.plans.outcome')} {inMyLanguage(tested.outcome)} <code>{tested.action}</code>
            {tested.rule !== null && (
              <>
                {' '}
                {t('admin.plans.rule')} <code>{tested.rule}</code>
              </>
            )}
          </p>
          <ol className={css.steps} aria-label={t('admin.plans.steps')}>
            {tested.steps.map((step) => (
              <Step key={step.text.en} step={step} onGo={onGo} />
            ))}
          </ol>
        </>
      )}
    </>
  );
}

/** What was found on the way; at a rule, the way to it. */
function Step({ step, onGo }: { readonly step: TestedStep; readonly onGo: Props['onGo'] }) {
  const text = useServerText()(step.text);
  const { file, line } = step;
  if (file === null || line === null) return <li className={css.step}>{text}</li>;
  return (
    <li className={css.step} data-matches={step.decides || undefined}>
      <button type="button" className={css.place} onClick={() => onGo({ file, line })}>
        {file}:{line}
      </button>{' '}
      {text}
    </li>
  );
}

const isBroken = (failure: unknown): boolean =>
  failure instanceof Refused && failure.fields.get('text')?.code === 'mistake';
