import { type ReactNode, useId } from 'react';
import { linePoints } from './figures';
import css from './health.module.css';

/** Figures that belong together. */
export function Group({
  title,
  children,
}: {
  readonly title: string;
  readonly children: ReactNode;
}) {
  const id = useId();
  return (
    <section className={css.group} aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      <dl>{children}</dl>
    </section>
  );
}

interface Props {
  readonly label: string;
  readonly value: string;
  readonly note?: string;
  readonly isBad?: boolean;
  /** The last five minutes, drawn below. */
  readonly line?: readonly number[];
}

/** A figure, and how it went. */
export function Tile({ label, value, note, isBad, line }: Props) {
  return (
    <div className={css.tile} data-bad={isBad || undefined}>
      <dt>{label}</dt>
      <dd>
        <span className={css.value}>{value}</span>
        {note !== undefined && <span className={css.noteOf}>{note}</span>}
        {line && (
          <svg
            className={css.line}
            viewBox={`0 -1 ${WIDTH} ${HEIGHT + 2}`}
            preserveAspectRatio="none"
            aria-hidden="true"
          >
            <polyline points={linePoints(line, WIDTH, HEIGHT)} vectorEffect="non-scaling-stroke" />
          </svg>
        )}
      </dd>
    </div>
  );
}

const WIDTH = 200;
const HEIGHT = 28;
