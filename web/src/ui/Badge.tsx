import type { ReactNode } from 'react';
import styles from './Badge.module.css';
import { cx } from './cx';

/** A role of colour for a state; the glyph repeats it for who does not see colours. */
export type Tone =
  | 'ready'
  | 'notready'
  | 'talk'
  | 'acw'
  | 'off'
  | 'missed'
  | 'ring'
  | 'hold'
  | 'none';

const GLYPHS: Readonly<Record<Tone, string>> = {
  ready: '●',
  notready: '❚❚',
  talk: '◉',
  acw: '✎',
  off: '○',
  missed: '✕',
  ring: '▲',
  hold: '◐',
  none: '◌',
};

interface Props {
  readonly tone: Tone;
  /** The word for the state; never left out, since colour alone says nothing. */
  readonly children: ReactNode;
  readonly className?: string | undefined;
}

/** A state: glyph, word, tint. */
export function Badge({ tone, children, className }: Props) {
  return (
    <span className={cx(styles.badge, className)} data-tone={tone}>
      <span className={styles.glyph} aria-hidden="true">
        {GLYPHS[tone]}
      </span>
      {children}
    </span>
  );
}

/** The glyph of a tone, for places too small for a badge. */
export const glyphOf = (tone: Tone): string => GLYPHS[tone];
