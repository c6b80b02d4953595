import { useQuery } from '@tanstack/react-query';
import { ask } from '../../api/ask';
import type { CallQuality } from '../../api/types';
import { useLocale, useText } from '../../i18n/I18n';
import { decimal } from './decimal';
import css from './Ladder.module.css';

/** How a live call sounds at the moment; nothing once it is over, or before phones have reported. */
export function LiveQuality({ callId }: { readonly callId: string }) {
  const t = useText();
  const { locale } = useLocale();
  const quality = useQuery({
    queryKey: ['quality', callId],
    queryFn: () => ask<CallQuality>('get', `/calls/${encodeURIComponent(callId)}/quality`),
    refetchInterval: ({ state }) => (state.status === 'error' ? false : READ_EVERY_MS),
  });
  if (quality.isError || !quality.data) return null;
  const { legs } = quality.data;
  return (
    <section
      className={css.scroll}
      aria-label={t('quality.title')}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a wide table is scrolled by the keyboard
      tabIndex={0}
    >
      <h2>{t('quality.title')}</h2>
      {legs.length === 0 ? (
        <p>{t('quality.none')}</p>
      ) : (
        <table className={css.table} aria-label={t('quality.title')}>
          <thead>
            <tr>
              <th scope="col">{t('ladder.leg')}</th>
              <th scope="col">{t('quality.way')}</th>
              <th scope="col">{t('quality.mos')}</th>
              <th scope="col">{t('quality.loss')}</th>
              <th scope="col">{t('ladder.jitter')}</th>
              <th scope="col">{t('quality.rtt')}</th>
            </tr>
          </thead>
          <tbody>
            {legs.flatMap((leg) =>
              WAYS.map((way) => (
                <tr key={`${leg.id}${way}`}>
                  <td>
                    <bdi>{leg.number}</bdi>
                  </td>
                  <td>{t(`quality.${way}`)}</td>
                  <td>{decimal(leg[way]?.mos ?? null, locale, 2)}</td>
                  <td>{decimal(leg[way]?.loss_percent ?? null, locale, 1)}</td>
                  <td>{decimal(leg[way]?.jitter_ms ?? null, locale, 1)}</td>
                  <td>{decimal(leg.rtt_ms, locale, 0)}</td>
                </tr>
              )),
            )}
          </tbody>
        </table>
      )}
    </section>
  );
}

const WAYS = ['received', 'sent'] as const;

/** Phones report about as often. */
const READ_EVERY_MS = 5000;
