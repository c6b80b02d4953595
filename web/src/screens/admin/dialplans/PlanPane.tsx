import { useQueryClient } from '@tanstack/react-query';
import { CheckCheck, Rocket, Undo2 } from 'lucide-react';
import { useEffect, useId, useRef, useState } from 'react';
import { ask } from '../../../api/ask';
import { Refused } from '../../../api/refused';
import type { Dialplan, Mistake } from '../../../api/types';
import { useSession } from '../../../app/session';
import { useText } from '../../../i18n/I18n';
import { Badge } from '../../../ui/Badge';
import { Button } from '../../../ui/Button';
import { useConfirm } from '../../../ui/Confirm';
import { useRefusalText } from '../../../ui/States';
import { toast } from '../../../ui/toasts';
import css from './dialplans.module.css';
import { type Draft, type Drafts, isOvertaken, rebased, typed, without } from './drafts';
import { MistakeList } from './MistakeList';
import { PlanConflict } from './PlanConflict';
import { type EditorHandle, PlanEditor } from './PlanEditor';
import { PlanTest } from './PlanTest';
import { useChecked } from './useChecked';

/** A line of a file to be shown. */
export interface Place {
  readonly file: string;
  readonly line: number;
}

interface Props {
  readonly name: string;
  /** As the server has it; `undefined` for a file that is not there yet. */
  readonly server: Dialplan | undefined;
  readonly draft: Draft | undefined;
  /** Who changed the file last, as far as it was heard. */
  readonly by: string | undefined;
  readonly onDrafts: (change: (drafts: Drafts) => Drafts) => void;
  readonly onSaved: (it: Dialplan) => void;
  readonly onStale: () => void;
  /** Where to go once the file is shown. */
  readonly goTo: Place | undefined;
  readonly onGo: (place: Place) => void;
}

/** One file: its text, what is wrong with it, a trial call, and the way into force. */
export function PlanPane(props: Props) {
  const { name, server, draft, onDrafts, onGo, goTo } = props;
  const t = useText();
  const says = useRefusalText();
  const confirm = useConfirm();
  const queries = useQueryClient();
  const verdictId = useId();
  const mayChange = useSession().may('dialplans.manage');
  const editor = useRef<EditorHandle>(null);
  const isBusy = useRef(false);
  const [failure, setFailure] = useState<string>();
  const text = draft?.text ?? server?.text ?? '';
  const { mistakes, failure: checkFailure, check } = useChecked(name, text);
  const isConflict = isOvertaken(draft, server);

  useEffect(() => {
    if (goTo?.file === name) editor.current?.goTo(goTo.line);
  }, [goTo, name]);
  const goToFirst = (found: readonly Mistake[]) => {
    const [first] = found;
    if (first && first.line > 0) onGo(first);
  };

  // A button that is disabled meanwhile would lose the focus.
  const run = async (work: () => Promise<void>) => {
    if (isBusy.current) return;
    isBusy.current = true;
    setFailure(undefined);
    try {
      await work();
    } catch (error) {
      if (error instanceof Refused && error.code === 'version_conflict') props.onStale();
      else setFailure(says(error));
    } finally {
      isBusy.current = false;
    }
  };
  const checkNow = () => run(async () => goToFirst(await check()));
  const putInForce = () =>
    run(async () => {
      const found = await check();
      if (found.length > 0) {
        setFailure(t('admin.plans.broken'));
        goToFirst(found);
        return;
      }
      if (!(await confirm({ text: t('admin.plans.swapAsk', { name }) }))) return;
      const saved = await ask<Dialplan>('put', `/admin/dialplans/${encodeURIComponent(name)}`, {
        body: { text },
        ...(draft?.base && { ifMatch: draft.base.version }),
      });
      queries.setQueryData(['admin', 'dialplan', name], saved);
      onDrafts((it) => without(it, name));
      props.onSaved(saved);
      toast(t('admin.plans.swapped', { name }));
    });
  const undo = async () => {
    const question = { text: t('admin.plans.undoAsk', { name }), isDangerous: true };
    if (await confirm(question)) onDrafts((it) => without(it, name));
  };

  return (
    <div className={css.pane}>
      <header className={css.paneHead}>
        <h2>{name}</h2>
        {draft && <Badge tone="notready">{t('admin.plans.unsaved')}</Badge>}
        <span className={css.space} />
        {mayChange && draft && (
          <Button kind="quiet" icon={Undo2} onPress={undo}>
            {t('admin.plans.undo')}
          </Button>
        )}
        <Button icon={CheckCheck} onPress={checkNow}>
          {t('admin.plans.check')}
        </Button>
        {mayChange && (
          <Button
            kind="primary"
            icon={Rocket}
            onPress={putInForce}
            isDisabled={!draft || isConflict}
          >
            {t('admin.plans.swap')}
          </Button>
        )}
      </header>
      {failure !== undefined && (
        <p className={css.failed} role="alert">
          {failure}
        </p>
      )}
      <div className={css.texts}>
        <PlanEditor
          label={t('admin.plans.text', { name })}
          text={text}
          onChange={(it) => onDrafts((drafts) => typed(drafts, name, it, server))}
          isReadOnly={!mayChange}
          mistakes={(mistakes ?? []).filter((it) => it.file === name)}
          describedBy={verdictId}
          handle={editor}
        />
        {isConflict && server && (
          <PlanConflict
            mine={text}
            theirs={server}
            by={props.by}
            onKeepMine={() => onDrafts((it) => rebased(it, server))}
            onTakeTheirs={undo}
          />
        )}
      </div>
      <MistakeList
        id={verdictId}
        name={name}
        mistakes={mistakes}
        failure={checkFailure === null ? undefined : says(checkFailure)}
        onGo={onGo}
      />
      <PlanTest name={name} text={text} onGo={onGo} />
    </div>
  );
}
