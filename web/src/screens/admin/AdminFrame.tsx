import { Link, Outlet } from '@tanstack/react-router';
import { useSession } from '../../app/session';
import { useText } from '../../i18n/I18n';
import { ConnBadge } from '../../shell/ConnBadge';
import { ConnectionStrip } from '../../shell/ConnectionStrip';
import { UserMenu } from '../../shell/UserMenu';
import { ConfirmProvider } from '../../ui/Confirm';
import { EmptyState } from '../../ui/States';
import css from './admin.module.css';
import { sectionsFor } from './sections';

/** The frame of the administrator's part: its sections by right, and the open one. */
export function AdminFrame() {
  const t = useText();
  const { may } = useSession();
  const sections = sectionsFor(may);

  return (
    <ConfirmProvider>
      <div className={css.frame}>
        <header className={css.top}>
          <img src="/favicon.svg" alt="" />
          <span>{t('admin.title')}</span>
          <Link to="/">{t('admin.toLauncher')}</Link>
          <div className={css.states}>
            <ConnBadge />
            <UserMenu />
          </div>
        </header>
        <nav className={css.nav} aria-label={t('admin.title')}>
          {sections.map(({ code, icon: Icon }) => (
            <Link key={code} to="/admin/$section" params={{ section: code }}>
              <Icon size={16} aria-hidden />
              {t(`admin.section.${code}`)}
            </Link>
          ))}
        </nav>
        <div className={css.middle}>
          <ConnectionStrip />
          <main className={css.work}>
            {sections.length === 0 ? <EmptyState>{t('list.noRight')}</EmptyState> : <Outlet />}
          </main>
        </div>
      </div>
    </ConfirmProvider>
  );
}
