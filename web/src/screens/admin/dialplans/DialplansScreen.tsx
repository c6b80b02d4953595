import { useQuery, useQueryClient } from '@tanstack/react-query';
import { FilePlus2 } from 'lucide-react';
import { useState } from 'react';
import { ask } from '../../../api/ask';
import type { Dialplan, DialplanFile } from '../../../api/types';
import { useSession } from '../../../app/session';
import { useText } from '../../../i18n/I18n';
import { useFrames } from '../../../live/LiveContext';
import type { Frame } from '../../../live/protocol';
import { useFollow } from '../../../live/useFollow';
import { Button } from '../../../ui/Button';
import { EmptyState, ErrorState, Skeleton } from '../../../ui/States';
import { useUnsaved } from '../useUnsaved';
import css from './dialplans.module.css';
import { begun, type Drafts } from './drafts';
import { NewPlan } from './NewPlan';
import { type Place, PlanPane } from './PlanPane';

/** Files of dialplans, edited as text; whatever is typed stays until it is in force or undone. */
export default function DialplansScreen() {
  const t = useText();
  const { me, may } = useSession();
  const queries = useQueryClient();
  const [drafts, setDrafts] = useState<Drafts>(new Map());
  const [chosen, setChosen] = useState<string>();
  const [isNaming, setNaming] = useState(false);
  const [goTo, setGoTo] = useState<Place>();
  const changedBy = useChanges();
  useUnsaved(drafts.size > 0, 'admin.plans.leaveAsk');

  const files = useQuery({
    queryKey: ['admin', 'dialplans'],
    queryFn: async () => (await ask<{ items: DialplanFile[] }>('get', '/admin/dialplans')).items,
  });
  const there = files.data ?? [];
  const fresh = [...drafts.keys()].filter((it) => !there.some((file) => file.name === it));
  const name = chosen ?? there[0]?.name ?? fresh[0];
  const isThere = there.some((it) => it.name === name);
  const file = useQuery({
    queryKey: ['admin', 'dialplan', name],
    queryFn: () => ask<Dialplan>('get', `/admin/dialplans/${encodeURIComponent(name ?? '')}`),
    enabled: name !== undefined && isThere,
  });
  if (files.isLoadingError)
    return <ErrorState error={files.error} retry={() => void files.refetch()} />;

  const readAgain = () => {
    void files.refetch();
    void queries.invalidateQueries({ queryKey: ['admin', 'dialplan', name] });
  };
  const go = (place: Place) => {
    setChosen(place.file);
    // Each time anew, even to where it went last.
    setGoTo({ file: place.file, line: place.line });
  };

  return (
    <div className={css.screen}>
      <div className={css.files}>
        <h1>{t('admin.section.dialplans')}</h1>
        <nav aria-label={t('admin.plans.files')}>
          {[...there.map((it) => it.name), ...fresh].map((it) => (
            <button
              key={it}
              type="button"
              aria-current={it === name || undefined}
              onClick={() => setChosen(it)}
            >
              <span className={css.fileName}>{it}</span>
              {drafts.has(it) && (
                <span className={css.dot} title={t('admin.plans.unsaved')}>
                  <span aria-hidden>●</span>
                  <span className="visually-hidden">{t('admin.plans.unsaved')}</span>
                </span>
              )}
              <span className={css.fileDomain}>
                {there.find((file) => file.name === it)?.domain ?? t('admin.plans.allDomains')}
              </span>
            </button>
          ))}
        </nav>
        {may('dialplans.manage') &&
          (isNaming ? (
            <NewPlan
              taken={new Set([...there.map((it) => it.name), ...fresh])}
              onClose={() => setNaming(false)}
              onNamed={(it) => {
                setDrafts((all) => begun(all, it, `domain = "${me.domain.name}"\n`));
                setChosen(it);
                setNaming(false);
              }}
            />
          ) : (
            <Button icon={FilePlus2} onPress={() => setNaming(true)}>
              {t('admin.plans.add')}
            </Button>
          ))}
      </div>
      <Opened
        key={name}
        name={name}
        server={isThere ? file.data : undefined}
        isLoading={files.isPending || (isThere && file.isPending)}
        failure={isThere && file.isLoadingError ? file.error : null}
        retry={readAgain}
      >
        {(it) => (
          <PlanPane
            name={it}
            server={isThere ? file.data : undefined}
            draft={drafts.get(it)}
            by={changedBy.get(it)}
            onDrafts={setDrafts}
            onSaved={readAgain}
            onStale={readAgain}
            goTo={goTo}
            onGo={go}
          />
        )}
      </Opened>
    </div>
  );
}

/** The pane of the file, or why there is none. */
function Opened(props: {
  readonly name: string | undefined;
  readonly server: Dialplan | undefined;
  readonly isLoading: boolean;
  readonly failure: unknown;
  readonly retry: () => void;
  readonly children: (name: string) => React.ReactNode;
}) {
  const t = useText();
  if (props.isLoading) return <Skeleton rows={8} />;
  if (props.failure && !props.server) {
    return <ErrorState error={props.failure} retry={props.retry} />;
  }
  if (props.name === undefined) return <EmptyState>{t('admin.plans.empty')}</EmptyState>;
  return props.children(props.name);
}

/** Reads anew what somebody else put in force, and knows who did. */
function useChanges(): ReadonlyMap<string, string> {
  const [changes, setChanges] = useState<ReadonlyMap<string, string>>(new Map());
  useFollow(['admin', 'dialplans'], 'admin', 'admin.changed', isOfPlan);
  // The one that is open.
  useFollow(['admin', 'dialplan'], 'admin', 'admin.changed', isOfPlan);
  useFrames('admin.changed', (frame) => {
    if (!isOfPlan(frame)) return;
    const { id, by } = frame.d as { id: string; by: string };
    setChanges((it) => new Map(it).set(id, by));
  });
  return changes;
}

const isOfPlan = ({ d }: Frame) => (d as { object: string }).object === 'dialplan';
