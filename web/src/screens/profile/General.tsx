import { useSession } from '../../app/session';
import { useServerText, useText } from '../../i18n/I18n';
import styles from './Profile.module.css';

/** «Общее»: what the administrator has set, to be read. */
export function General() {
  const t = useText();
  const says = useServerText();
  const { me } = useSession();
  const facts = [
    ['profile.product', me.product],
    ['profile.login', me.login],
    ['profile.name', me.name],
    ['profile.email', me.email || '–'],
    ['profile.domain', me.domain.name],
  ] as const;

  return (
    <section className={styles.card} aria-labelledby="profile-general">
      <h2 id="profile-general">{t('profile.general')}</h2>
      <p className={styles.note}>{t('profile.generalHow')}</p>
      <dl className={styles.facts}>
        {facts.map(([label, value]) => (
          <div key={label} style={{ display: 'contents' }}>
            <dt>{t(label)}</dt>
            <dd>{value}</dd>
          </div>
        ))}
        <dt>{t('profile.roles')}</dt>
        <dd>
          <ul className={styles.chips}>
            {me.roles.map((it) => (
              <li key={it.code} title={it.code}>
                {says(it.title)}
              </li>
            ))}
          </ul>
        </dd>
      </dl>
    </section>
  );
}
