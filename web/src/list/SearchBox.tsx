import { Search, X } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { useText } from '../i18n/I18n';
import { cx } from '../ui/cx';
import css from './Toolbar.module.css';

interface Props {
  readonly label: string;
  readonly placeholder: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly lengthMax: number;
  readonly isSearch?: boolean;
}

/** How long typing must pause before the server is asked, milliseconds. */
export const SEARCH_PAUSE = 250;

/** A text field that speaks up when typing pauses, at once on Enter, and is emptied by Escape. */
export function SearchBox({ label, placeholder, value, onChange, lengthMax, isSearch }: Props) {
  const t = useText();
  const [draft, setDraft] = useState(value);
  const sent = useRef(value);
  const tell = useRef(onChange);
  tell.current = onChange;

  useEffect(() => {
    // A value from elsewhere (СБРОСИТЬ, a chip's ×, «back») replaces what stands in the field.
    if (value !== sent.current) {
      sent.current = value;
      setDraft(value);
    }
  }, [value]);

  useEffect(() => {
    if (draft === sent.current) return undefined;
    const timer = setTimeout(() => {
      sent.current = draft;
      tell.current(draft);
    }, SEARCH_PAUSE);
    return () => clearTimeout(timer);
  }, [draft]);

  const commit = (text: string) => {
    setDraft(text);
    if (text === sent.current) return;
    sent.current = text;
    tell.current(text);
  };

  return (
    <div className={cx(css.search, isSearch && css.wide)}>
      {isSearch && <Search size={14} aria-hidden />}
      <input
        type="text"
        role={isSearch ? 'searchbox' : undefined}
        className={css.field}
        aria-label={label}
        placeholder={placeholder}
        title={placeholder}
        maxLength={lengthMax}
        value={draft}
        onChange={(event) => setDraft(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') commit(draft);
          if (event.key === 'Escape' && draft !== '') {
            event.stopPropagation();
            commit('');
          }
        }}
      />
      {draft !== '' && (
        <button
          type="button"
          aria-label={t('list.clear', { field: label })}
          onClick={() => commit('')}
        >
          <X size={14} aria-hidden />
        </button>
      )}
    </div>
  );
}
