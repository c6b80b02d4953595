import { Link, useParams } from '@tanstack/react-router';
import { Search } from 'lucide-react';
import { useText } from '../i18n/I18n';
import { Kbd } from '../ui/Kbd';
import { ConnBadge } from './ConnBadge';
import { LineIndicator } from './LineIndicator';
import { StatusMenu } from './StatusMenu';
import { isSection, sections } from './sections';
import { openSearch } from './shortcuts';
import styles from './TopBar.module.css';
import { UserMenu } from './UserMenu';

/** Where one is, the search, and the three states that an operator must never have to look for. */
export function TopBar() {
  const t = useText();
  const { section, id } = useParams({ strict: false });
  const here = section && isSection(section) ? t(sections[section].menu) : id && t('call.title');

  return (
    <header className={styles.bar}>
      <div className={styles.place}>
        <Link to="/" className={styles.home} aria-label={t('launcher.title')}>
          <img src="/favicon.svg" alt="" />
        </Link>
        <strong className={styles.app} title={t('app.workspace')}>
          {t('app.short')}
        </strong>
        {here && (
          <>
            <span aria-hidden="true">▸</span>
            <span className={styles.here}>{here}</span>
          </>
        )}
      </div>
      <button type="button" className={styles.search} onClick={openSearch}>
        <Search size={15} aria-hidden />
        <span>{t('search.label')}</span>
        <Kbd>Ctrl+K</Kbd>
      </button>
      <div className={styles.states}>
        <ConnBadge />
        <LineIndicator />
        <StatusMenu />
        <UserMenu inWorkspace />
      </div>
    </header>
  );
}
