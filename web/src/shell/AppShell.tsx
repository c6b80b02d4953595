import { Link, Outlet } from '@tanstack/react-router';
import { useText } from '../i18n/I18n';
import { sections } from './sections';

/** The frame around every section of the workspace. */
export function AppShell() {
  const t = useText();

  return (
    <>
      <h1>{t('app.workspace')}</h1>
      <nav>
        {Object.entries(sections).map(([code, it]) => (
          <Link key={code} to="/workspace/$section" params={{ section: code }}>
            {t(it.menu)}
          </Link>
        ))}
      </nav>
      <Outlet />
    </>
  );
}
