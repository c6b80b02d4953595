import { type RefObject, useEffect, useImperativeHandle, useMemo, useRef } from 'react';
import type { Mistake } from '../../../api/types';
import { useServerText } from '../../../i18n/I18n';
import css from './dialplans.module.css';
import { countLines, spanOf, widthOf } from './lines';

/** What others may ask of the editor. */
export interface EditorHandle {
  /** Takes the focus and shows the line. */
  goTo: (line: number) => void;
}

interface Props {
  readonly label: string;
  readonly text: string;
  readonly onChange: (text: string) => void;
  readonly isReadOnly: boolean;
  /** Those of this file. */
  readonly mistakes: readonly Mistake[];
  /** Id of what tells the mistakes to who cannot see them at their lines. */
  readonly describedBy: string;
  readonly handle: RefObject<EditorHandle | null>;
}

/** Plain text with line numbers; a mistake stands behind its line. */
export function PlanEditor(props: Props) {
  const { text, mistakes, handle } = props;
  const inMyLanguage = useServerText();
  const area = useRef<HTMLTextAreaElement>(null);
  const numbers = useRef<HTMLDivElement>(null);
  const marks = useRef<HTMLDivElement>(null);
  const count = useMemo(() => countLines(text), [text]);
  const byLine = useMemo(() => firstOfEachLine(mistakes, count), [mistakes, count]);

  const follow = () => {
    if (!area.current || !numbers.current || !marks.current) return;
    const { scrollTop, scrollLeft } = area.current;
    numbers.current.style.transform = `translateY(${-scrollTop}px)`;
    marks.current.style.transform = `translate(${-scrollLeft}px, ${-scrollTop}px)`;
  };
  useEffect(follow);
  useImperativeHandle(handle, () => ({
    goTo: (line) => {
      const it = area.current;
      if (!it) return;
      const [start, end] = spanOf(it.value, line);
      it.focus();
      it.setSelectionRange(start, end);
      it.scrollTop = Math.max(0, (line - 1) * LINE_PX - it.clientHeight / 3);
      follow();
    },
  }));

  return (
    <div className={css.editor}>
      <div className={css.gutter} aria-hidden>
        <div ref={numbers}>
          {Array.from({ length: count }, (_, index) => index + 1).map((line) => (
            <span key={line} data-wrong={byLine.has(line) || undefined}>
              {byLine.has(line) && '✕ '}
              {line}
            </span>
          ))}
        </div>
      </div>
      <div className={css.sheet}>
        <div className={css.marks} aria-hidden>
          <div ref={marks}>
            {[...byLine].map(([line, { message }]) => (
              <div key={line} style={{ top: (line - 1) * LINE_PX }}>
                <span style={{ left: `${widthOf(text, line, TAB) + 3}ch` }}>
                  {inMyLanguage(message)}
                </span>
              </div>
            ))}
          </div>
        </div>
        <textarea
          ref={area}
          aria-label={props.label}
          aria-invalid={mistakes.length > 0}
          aria-describedby={props.describedBy}
          value={text}
          readOnly={props.isReadOnly}
          wrap="off"
          spellCheck={false}
          autoCapitalize="off"
          autoComplete="off"
          onChange={(event) => props.onChange(event.target.value)}
          onScroll={follow}
        />
      </div>
    </div>
  );
}

function firstOfEachLine(
  mistakes: readonly Mistake[],
  count: number,
): ReadonlyMap<number, Mistake> {
  const found = new Map<number, Mistake>();
  for (const it of mistakes) {
    if (it.line >= 1 && it.line <= count && !found.has(it.line)) found.set(it.line, it);
  }
  return found;
}

/** As the style sheet has it. */
const LINE_PX = 20;
const TAB = 4;
