import type { LadderMessage, Participant } from '../../api/types';
import { useLocale, useText } from '../../i18n/I18n';
import { clockTime } from './Ladder';
import css from './Ladder.module.css';

interface Props {
  readonly participants: readonly Participant[];
  readonly messages: readonly LadderMessage[];
  readonly selected: number | undefined;
  readonly onSelect: (index: number) => void;
}

const TIME_WIDTH = 96;
/** Three of them stand beside the list at a width of 1366. */
const LANE = 180;
/** Of a text in a lane. */
const LETTERS_MAX = 28;
const HEAD = 48;
const STEP = 34;

/** Lanes and arrows; each arrow is a button that shows its message. */
export function LadderDrawing({ participants, messages, selected, onSelect }: Props) {
  const t = useText();
  const { locale } = useLocale();
  const laneOf = (id: string) => {
    const index = participants.findIndex((it) => it.id === id);
    return TIME_WIDTH + LANE * (Math.max(index, 0) + 0.5);
  };
  const nameOf = (id: string) => participants.find((it) => it.id === id)?.title ?? id;
  const width = TIME_WIDTH + LANE * Math.max(participants.length, 1);
  const height = HEAD + STEP * messages.length + 12;

  return (
    <div className={css.scroll}>
      <svg className={css.drawing} width={width} height={height} aria-label={t('ladder.title')}>
        <title>{t('ladder.title')}</title>
        <defs>
          <marker
            id="ladder-arrow"
            viewBox="0 0 8 8"
            refX="7"
            refY="4"
            markerWidth="8"
            markerHeight="8"
            orient="auto-start-reverse"
          >
            <path d="M0 0 8 4 0 8Z" />
          </marker>
        </defs>
        {participants.map((it) => (
          <g key={it.id}>
            <text x={laneOf(it.id)} y={16} className={css.lane}>
              {shortened(it.title)}
            </text>
            <text x={laneOf(it.id)} y={32} className={css.address}>
              {shortened(it.address)}
            </text>
            <line x1={laneOf(it.id)} x2={laneOf(it.id)} y1={HEAD - 8} y2={height} />
          </g>
        ))}
        {messages.map((it, index) => {
          const y = HEAD + STEP * index + 20;
          const [from, to] = [laneOf(it.from), laneOf(it.to)];
          const inward = to > from ? 4 : -4;
          return (
            <g
              // biome-ignore lint/suspicious/noArrayIndexKey: messages are shown whole, in order
              key={index}
              role="button"
              tabIndex={0}
              aria-pressed={index === selected}
              aria-label={`${clockTime(it.at, locale)} ${shortened(it.summary)}: ${nameOf(it.from)} → ${nameOf(it.to)}`}
              className={css.message}
              onClick={() => onSelect(index)}
              onKeyDown={(event) => {
                if (event.key !== 'Enter' && event.key !== ' ') return;
                event.preventDefault();
                onSelect(index);
              }}
            >
              <rect x={0} y={y - 20} width={width} height={STEP - 4} />
              <text x={4} y={y} className={css.time}>
                {`${clockTime(it.at, locale)} `}
              </text>
              <text x={(from + to) / 2} y={y - 6} className={css.summary}>
                {shortened(it.summary)}
              </text>
              <line
                x1={from + inward}
                x2={to - inward}
                y1={y}
                y2={y}
                markerEnd="url(#ladder-arrow)"
              />
            </g>
          );
        })}
      </svg>
    </div>
  );
}

/** A drawing does not wrap: what is longer than its lane is cut, and whole in the table. */
function shortened(text: string): string {
  const letters = [...text];
  return letters.length > LETTERS_MAX ? `${letters.slice(0, LETTERS_MAX - 1).join('')}…` : text;
}
