import { useText } from '../../i18n/I18n';
import { useLive } from '../../live/LiveContext';
import styles from './Profile.module.css';

/** «Диагностика»: what a support engineer asks for first. */
export function Diagnostics() {
  const t = useText();
  const { phase, rtt } = useLive((it) => it.connection);
  const resyncs = useLive((it) => it.resyncs);

  return (
    <section className={styles.card} aria-labelledby="profile-diagnostics">
      <h2 id="profile-diagnostics">{t('diagnostics.title')}</h2>
      <dl className={styles.facts}>
        <dt>{t('diagnostics.connection')}</dt>
        <dd>{t(`connection.${phase}`)}</dd>
        <dt>{t('diagnostics.rtt')}</dt>
        <dd>{rtt === undefined ? '–' : t('connection.rtt', { rtt })}</dd>
        <dt>{t('diagnostics.losses')}</dt>
        <dd>{resyncs}</dd>
      </dl>
    </section>
  );
}
