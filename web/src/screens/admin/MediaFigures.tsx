import type { Ladder } from '../../api/types';
import { useLocale, useText } from '../../i18n/I18n';
import { decimal } from './decimal';
import css from './Ladder.module.css';

/** What the packets of a call's legs went through, as we and the far ends saw it. */
export function MediaFigures({ data }: { readonly data: Ladder }) {
  const t = useText();
  const { locale } = useLocale();
  if (data.media.length === 0) return null;
  return (
    <section
      className={css.scroll}
      aria-label={t('ladder.media')}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a wide table is scrolled by the keyboard
      tabIndex={0}
    >
      <table className={css.table} aria-label={t('ladder.media')}>
        <thead>
          <tr>
            <th scope="col">{t('ladder.leg')}</th>
            <th scope="col">{t('ladder.codec')}</th>
            <th scope="col">{t('ladder.received')}</th>
            <th scope="col">{t('ladder.sent')}</th>
            <th scope="col">{t('ladder.lost')}</th>
            <th scope="col">{t('ladder.jitter')}</th>
            <th scope="col">{t('quality.mos')}</th>
            <th scope="col">{t('quality.farLost')}</th>
            <th scope="col">{t('quality.farJitter')}</th>
            <th scope="col">{t('quality.farMos')}</th>
            <th scope="col">{t('quality.rtt')}</th>
            <th scope="col">{t('ladder.latched')}</th>
          </tr>
        </thead>
        <tbody>
          {data.media.map((it) => (
            <tr key={it.leg}>
              <td>
                <bdi>{it.leg}</bdi>
              </td>
              <td>
                {it.codec ?? '—'}
                {it.transcoded && ` · ${t('ladder.transcoded')}`}
              </td>
              <td>{it.packets_received}</td>
              <td>{it.packets_sent}</td>
              <td>{it.packets_lost}</td>
              <td>{decimal(it.jitter_ms, locale, 1)}</td>
              <td>{decimal(it.mos, locale, 2)}</td>
              <td>{it.far_packets_lost ?? '—'}</td>
              <td>{decimal(it.far_jitter_ms, locale, 1)}</td>
              <td>{decimal(it.far_mos, locale, 2)}</td>
              <td>{decimal(it.rtt_ms, locale, 0)}</td>
              <td>{t(it.latched ? 'ladder.yes' : 'ladder.no')}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
