import { useText } from '../../i18n/I18n';
import { ShortcutList } from '../../shell/ShortcutsDialog';
import { Appearance } from './Appearance';
import { Diagnostics } from './Diagnostics';
import { General } from './General';
import { Lines } from './Lines';
import styles from './Profile.module.css';
import { Security } from './Security';
import { Sessions } from './Sessions';

/** «Мой профиль»: who one is to the system, one's lines, and how the panel looks and behaves. */
export default function Profile() {
  const t = useText();

  return (
    <div className={styles.screen}>
      <h1>{t('title.settings')}</h1>
      <div className={styles.cards}>
        <div className={styles.column}>
          <General />
          <Lines />
          <Security />
          <Sessions />
        </div>
        <div className={styles.column}>
          <Appearance />
          <section className={styles.card} aria-labelledby="profile-sound">
            <h2 id="profile-sound">{t('profile.sound')}</h2>
            <p className={styles.note}>{t('profile.soundNotBuilt')}</p>
          </section>
          <section className={styles.card} aria-labelledby="profile-notifications">
            <h2 id="profile-notifications">{t('menu.notifications')}</h2>
            <p className={styles.note}>{t('profile.notificationsNotBuilt')}</p>
          </section>
          <section className={styles.card} aria-labelledby="profile-shortcuts">
            <h2 id="profile-shortcuts">{t('shortcuts.title')}</h2>
            <ShortcutList />
          </section>
          <Diagnostics />
        </div>
      </div>
    </div>
  );
}
