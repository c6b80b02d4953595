import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { ask } from '../../api/ask';
import type { Ladder as LadderData } from '../../api/types';
import { useLocale, useServerText, useText } from '../../i18n/I18n';
import { Badge } from '../../ui/Badge';
import { Button } from '../../ui/Button';
import { Loaded } from '../../ui/States';
import css from './Ladder.module.css';
import { LadderDrawing } from './LadderDrawing';
import { MediaFigures } from './MediaFigures';

/** A call's SIP messages, what is wrong with them, and the figures of its media. */
export function Ladder({ callId }: { readonly callId: string }) {
  const t = useText();
  const ladder = useQuery({
    queryKey: ['ladder', callId],
    queryFn: () => ask<LadderData>('get', `/calls/${encodeURIComponent(callId)}/ladder`),
  });
  return (
    <Loaded query={ladder} rows={6}>
      {(data) => (
        <section className={css.section} aria-label={t('ladder.title')}>
          <h2>{t('ladder.title')}</h2>
          <Diagnosis data={data} />
          <Messages data={data} />
          <MediaFigures data={data} />
        </section>
      )}
    </Loaded>
  );
}

function Diagnosis({ data }: { readonly data: LadderData }) {
  const t = useText();
  const says = useServerText();
  if (data.messages.length === 0) return null;
  if (data.diagnosis.length === 0) return <p>{t('ladder.fine')}</p>;
  return (
    <ul className={css.diagnosis} aria-label={t('ladder.diagnosis')}>
      {data.diagnosis.map(({ severity, text }) => (
        <li key={`${severity}${text.en}`}>
          <Badge tone={TONES[severity]}>{t(`ladder.severity.${severity}`)}</Badge>
          {says(text)}
        </li>
      ))}
    </ul>
  );
}

const TONES = { info: 'talk', warning: 'notready', error: 'missed' } as const;

function Messages({ data }: { readonly data: LadderData }) {
  const t = useText();
  const [isTable, setTable] = useState(false);
  const [selected, setSelected] = useState<number>();
  const message = selected === undefined ? undefined : data.messages[selected];
  if (data.messages.length === 0) return <p>{t('ladder.none')}</p>;
  return (
    <>
      <div className={css.modes}>
        {[false, true].map((mode) => (
          <Button
            key={String(mode)}
            kind={mode === isTable ? 'primary' : 'plain'}
            onPress={() => setTable(mode)}
          >
            {t(mode ? 'ladder.table' : 'ladder.ladder')}
          </Button>
        ))}
      </div>
      {isTable ? (
        <MessageTable data={data} />
      ) : (
        <LadderDrawing
          participants={data.participants}
          messages={data.messages}
          selected={selected}
          onSelect={setSelected}
        />
      )}
      {message && !isTable && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a long message is scrolled by the keyboard
        <pre className={css.raw} tabIndex={0}>
          {message.raw}
        </pre>
      )}
    </>
  );
}

function MessageTable({ data }: { readonly data: LadderData }) {
  const t = useText();
  const names = new Map(data.participants.map((it) => [it.id, it.title]));
  return (
    <section
      className={css.scroll}
      aria-label={t('ladder.table')}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a wide table is scrolled by the keyboard
      tabIndex={0}
    >
      <table className={css.table}>
        <thead>
          <tr>
            <th scope="col">{t('ladder.at')}</th>
            <th scope="col">{t('ladder.from')}</th>
            <th scope="col">{t('ladder.to')}</th>
            <th scope="col">{t('ladder.message')}</th>
            <th scope="col">{t('ladder.transport')}</th>
          </tr>
        </thead>
        <tbody>
          {data.messages.map((it, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: messages are shown whole, in order
            <tr key={index}>
              <td>
                <ClockTime at={it.at} />
              </td>
              <td>
                <bdi>{names.get(it.from) ?? it.from}</bdi>
              </td>
              <td>
                <bdi>{names.get(it.to) ?? it.to}</bdi>
              </td>
              <td>
                <bdi>{it.summary}</bdi>
              </td>
              <td>{it.transport}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function ClockTime({ at }: { readonly at: string }) {
  const { locale } = useLocale();
  return <time dateTime={at}>{clockTime(at, locale)}</time>;
}

/** To the millisecond: what a ladder is read for. */
export function clockTime(at: string, locale: string): string {
  const instant = Date.parse(at);
  if (Number.isNaN(instant)) return '';
  return new Intl.DateTimeFormat(locale, {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    fractionalSecondDigits: 3,
    hourCycle: 'h23',
  }).format(instant);
}
