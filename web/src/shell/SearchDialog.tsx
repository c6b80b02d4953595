import { useQuery } from '@tanstack/react-query';
import { Search } from 'lucide-react';
import { type KeyboardEvent, useDeferredValue, useEffect, useId, useState } from 'react';
import { Dialog, Modal, ModalOverlay } from 'react-aria-components';
import { api, body } from '../api/client';
import { useSession } from '../app/session';
import { useText } from '../i18n/I18n';
import { useLive } from '../live/LiveContext';
import { cx } from '../ui/cx';
import { LineBadge } from '../ui/LineBadge';
import styles from './Dialogs.module.css';
import { useDestinations } from './destinations';
import { onAsked } from './shortcuts';

/** Ctrl+K: sections, commands, colleagues. */
export function SearchDialog() {
  const t = useText();
  const [isOpen, setOpen] = useState(false);
  useEffect(() => onAsked('search', () => setOpen(true)), []);

  return (
    <ModalOverlay
      className={cx(styles.overlay)}
      isOpen={isOpen}
      onOpenChange={setOpen}
      isDismissable
    >
      <Modal className={cx(styles.modal)}>
        <Dialog className={cx(styles.dialog)} aria-label={t('search.label')}>
          <Finder close={() => setOpen(false)} />
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}

function Finder({ close }: { close: () => void }) {
  const t = useText();
  const listId = useId();
  const [text, setText] = useState('');
  const [active, setActive] = useState(0);
  const results = useResults(text);
  const at = Math.min(active, results.length - 1);
  const choose = (n: number) => {
    close();
    results[n]?.run();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined && results.length > 0) {
      event.preventDefault();
      setActive((at + step + results.length) % results.length);
    } else if (event.key === 'Enter') {
      event.preventDefault();
      choose(at);
    }
  };

  return (
    <>
      <div className={styles.search}>
        <Search size={18} aria-hidden />
        <input
          // biome-ignore lint/a11y/noAutofocus: it was opened to be typed into
          autoFocus
          role="combobox"
          aria-expanded="true"
          aria-controls={listId}
          aria-activedescendant={at >= 0 ? `${listId}-${at}` : undefined}
          aria-label={t('search.label')}
          placeholder={t('search.placeholder')}
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            setActive(0);
          }}
          onKeyDown={onKeyDown}
        />
      </div>
      {results.length === 0 && <p className={styles.nothing}>{t('search.nothing')}</p>}
      <div role="listbox" id={listId} className={styles.results} aria-label={t('search.results')}>
        {results.map((it, n) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: keys are the input's, by aria-activedescendant
          <div
            key={it.id}
            id={`${listId}-${n}`}
            role="option"
            tabIndex={-1}
            aria-selected={n === at}
            className={styles.result}
            onClick={() => choose(n)}
            onPointerMove={() => setActive(n)}
          >
            <span>{it.title}</span>
            {it.status && <LineBadge status={it.status} />}
            <span className={styles.kind}>{it.kind}</span>
          </div>
        ))}
      </div>
    </>
  );
}

const RESULTS_MAX = 12;
/** Leaves room for colleagues. */
const OWN_MAX = 6;

/** What fits the text: what the panel knows by itself, then colleagues from the server. */
function useResults(text: string) {
  const t = useText();
  const { may } = useSession();
  const known = useDestinations();
  const openExtensions = known.find((it) => it.id === 'section:extensions')?.run;
  const extensions = useLive((it) => it.extensions);
  const wanted = useDeferredValue(text.trim());
  const found = useQuery({
    queryKey: ['extensions', wanted],
    queryFn: () => body(api.GET('/extensions', { params: { query: { q: wanted } } })),
    enabled: wanted !== '' && may('extensions.view'),
    placeholderData: (previous) => previous,
  });
  const matching = bestFirst(known, wanted);
  const colleagues = (wanted === '' ? [] : (found.data?.items ?? [])).map((it) => ({
    id: `extension:${it.id}`,
    title: `${it.number} ${it.name}`,
    kind: t('search.colleague'),
    status: extensions.get(it.id)?.status ?? it.status,
    run: () => openExtensions?.(),
  }));
  const own = matching.slice(0, wanted === '' ? RESULTS_MAX : OWN_MAX);
  return [...own.map((it) => ({ ...it, status: undefined })), ...colleagues].slice(0, RESULTS_MAX);
}

/** Those with `text` in their title; a word's beginning counts more than its middle. */
export function bestFirst<T extends { readonly title: string }>(
  all: readonly T[],
  text: string,
): T[] {
  const wanted = text.toLowerCase();
  const rank = ({ title }: T) => {
    const at = ` ${title.toLowerCase()}`.indexOf(` ${wanted}`);
    if (at === 0) return 0;
    if (at > 0) return 1;
    return title.toLowerCase().includes(wanted) ? 2 : 3;
  };
  return all
    .map((it) => ({ it, rank: rank(it) }))
    .filter((it) => it.rank < 3)
    .sort((a, b) => a.rank - b.rank)
    .map(({ it }) => it);
}
