import { Outlet } from '@tanstack/react-router';
import { useText } from '../i18n/I18n';
import styles from './AppShell.module.css';
import { CardOpener } from './CardOpener';
import { ConnectionStrip } from './ConnectionStrip';
import { ConvTabs } from './ConvTabs';
import { NavRail } from './NavRail';
import { PhoneBar } from './PhoneBar';
import { SearchDialog } from './SearchDialog';
import { ShortcutsDialog } from './ShortcutsDialog';
import { TopBar } from './TopBar';
import { useShortcuts } from './useShortcuts';

/** The frame around every section of the workspace. Only what is inside scrolls, never the page. */
export function AppShell() {
  const t = useText();
  useShortcuts();

  return (
    <div className={styles.shell}>
      <a className={styles.skip} href="#work">
        {t('shell.skip')}
      </a>
      <TopBar />
      <NavRail />
      <div className={styles.middle}>
        <ConnectionStrip />
        <ConvTabs />
        <main id="work" tabIndex={-1} className={styles.work}>
          <Outlet />
        </main>
      </div>
      <PhoneBar />
      <CardOpener />
      <SearchDialog />
      <ShortcutsDialog />
    </div>
  );
}
