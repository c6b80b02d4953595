import { useMemo } from 'react';
import type { CallCard, CallEvent } from '../../api/types';
import { type TextId, useLocale, useText } from '../../i18n/I18n';
import { moment, type Party, party } from '../../list/format';
import { talkTime } from '../../ui/duration';
import { CallRecordings } from './CallRecordings';
import css from './calls.module.css';
import { useCauseText } from './useCallsSpec';

/** `Разговор A → B [mm:ss]`, with «Неизвестно» for a side that is not known. */
export function useCallTitle(card: CallCard | undefined): string {
  const t = useText();
  return useMemo(() => {
    if (!card) return t('calls.cardTitleShort');
    const a = party(card.side_a, t('calls.unknown'));
    const b = party(card.side_b, t('calls.unknown'));
    return t('calls.cardTitle', { a, b, talk: talkOf(card) });
  }, [t, card]);
}

/** Sides, times, recordings and history of one call. */
export function CallCardBody({
  card,
  plays,
}: {
  readonly card: CallCard;
  /** Whether its recording begins by itself. */
  readonly plays: boolean;
}) {
  return (
    <>
      <CallProperties card={card} />
      <CallRecordings recordings={card.recordings} plays={plays} />
      <CallHistory history={card.history} />
    </>
  );
}

/** What is known of the call as a whole. */
export function CallProperties({ card }: { readonly card: CallCard }) {
  const t = useText();
  const { locale } = useLocale();
  const cause = useCauseText();
  const facts: readonly Fact[] = [
    ['calls.time', moment(card.started_at, locale)],
    ['calls.dialled', card.dialled],
    ['calls.direction', t(`calls.direction.${card.direction}`)],
    ['calls.answeredAt', moment(card.answered_at, locale) || t('calls.notAnswered')],
    ['calls.endedAt', moment(card.ended_at, locale)],
    ['calls.talk', talkOf(card)],
    ['calls.cause', cause(card.cause)],
  ];
  return (
    <>
      <div className={css.sides}>
        <Side label={t('calls.sideA')} side={card.side_a} />
        <Side label={t('calls.sideB')} side={card.side_b} />
      </div>
      <Facts facts={facts} />
    </>
  );
}

const talkOf = (card: CallCard) => talkTime(card.talk_ms, card.answered_at !== null);

type Fact = readonly [TextId, string];

/** What is known, one line each; a dash where nothing is. */
export function Facts({ facts }: { readonly facts: readonly Fact[] }) {
  const t = useText();
  return (
    <dl className={css.facts}>
      {facts.map(([label, value]) => (
        <div key={label}>
          <dt>{t(label)}</dt>
          <dd>
            <bdi>{value || '—'}</bdi>
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Side({ label, side }: { readonly label: string; readonly side: Party }) {
  const t = useText();
  return (
    <section className={css.side}>
      <h2>{label}</h2>
      <p dir="auto">{side.name || t('calls.unknown')}</p>
      <p>
        <bdi>{side.number || '—'}</bdi>
      </p>
    </section>
  );
}

/** What happened, in order. */
export function CallHistory({ history }: { readonly history: readonly CallEvent[] }) {
  const t = useText();
  const { locale } = useLocale();
  const say = useEventText();
  return (
    <section>
      <h2>{t('calls.history')}</h2>
      <ol className={css.history}>
        {history.map((event, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a history only grows, and is shown whole
          <li key={index}>
            <time dateTime={event.at}>{moment(event.at, locale)}</time>
            <span dir="auto">{say(event)}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}

function useEventText(): (event: CallEvent) => string {
  const t = useText();
  const cause = useCauseText();
  return ({ what, who, params }) => {
    const of = typeof params === 'object' && params !== null ? params : {};
    const text = (name: string): string => {
      const value = (of as Record<string, unknown>)[name];
      return typeof value === 'string' ? value : '';
    };
    const number = who || t('calls.unknown');
    switch (what) {
      case 'call_started':
        return t('calls.event.started', { who: number, dialled: text('dialled') });
      case 'rung':
        return t('calls.event.rung', { who: text('name') || number });
      case 'ringing':
        return t('calls.event.ringing', { who: number });
      case 'answered':
        return t('calls.event.answered', { who: number });
      case 'hung_up':
        return t('calls.event.hungUp', { who: number, cause: cause(text('cause')) });
      default:
        return `${what} ${who ?? ''}`.trim();
    }
  };
}
