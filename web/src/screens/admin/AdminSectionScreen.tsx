import { Navigate, useParams } from '@tanstack/react-router';
import { Suspense } from 'react';
import { NotFound } from '../../app/NotFound';
import { useSession } from '../../app/session';
import { useText } from '../../i18n/I18n';
import { EmptyState, Skeleton } from '../../ui/States';
import { isAdminSection, sectionsFor } from './sections';

/** The section in the address; in plain words where it is not for this user. */
export function AdminSectionScreen() {
  const t = useText();
  const { may } = useSession();
  const { section } = useParams({ from: '/signed-in/admin/$section' });
  const found = sectionsFor(may).find((it) => it.code === section);
  if (!found && isAdminSection(section)) return <EmptyState>{t('list.noRight')}</EmptyState>;
  if (!found) return <NotFound />;
  const Screen = found.screen;
  return (
    <Suspense fallback={<Skeleton rows={6} />}>
      <Screen />
    </Suspense>
  );
}

/** Without one: the first that the user may open. */
export function FirstAdminSection() {
  const { may } = useSession();
  const [first] = sectionsFor(may);
  if (!first) return null;
  return <Navigate to="/admin/$section" params={{ section: first.code }} replace />;
}
