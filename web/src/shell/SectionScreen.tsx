import { useParams } from '@tanstack/react-router';
import { Construction } from 'lucide-react';
import { Suspense, useEffect } from 'react';
import { NotFound } from '../app/NotFound';
import { Redirect } from '../app/Redirect';
import { useText } from '../i18n/I18n';
import { useLive } from '../live/LiveContext';
import { EmptyState, Skeleton } from '../ui/States';
import styles from './SectionScreen.module.css';
import { isSection, type SectionCode, sections } from './sections';

/** The section in the address; in plain words where it is not built, or not for this user. */
export function SectionScreen() {
  const { section } = useParams({ from: '/signed-in/workspace/$section' });
  const menu = useLive((it) => it.menu);
  const isLoaded = useLive((it) => it.isLoaded);
  if (!isSection(section)) return <NotFound />;
  if (!isLoaded) return <Skeleton rows={6} />;

  return <Known code={section} isAllowed={menu.some((it) => it.code === section)} />;
}

/** Without a section in the address: the first one that the user has and that is built. */
export function FirstSection() {
  const t = useText();
  const menu = useLive((it) => it.menu);
  const isLoaded = useLive((it) => it.isLoaded);
  if (!isLoaded) return <Skeleton rows={6} />;
  const codes = menu.map((it) => it.code).filter(isSection);
  const first = PREFERRED.find((it) => codes.includes(it)) ?? codes[0];
  if (!first) return <EmptyState>{t('list.noRight')}</EmptyState>;

  return <Redirect to={`/workspace/${first}`} />;
}

/** What an operator works with comes before what they learn from. */
const PREFERRED: readonly SectionCode[] = ['my_calls', 'extensions', 'settings'];

function Known({ code, isAllowed }: { code: SectionCode; isAllowed: boolean }) {
  const t = useText();
  const { screen: Screen, title } = sections[code];
  useEffect(() => {
    document.title = `${t(title)} · Tandem`;
  }, [t, title]);

  if (isAllowed && Screen) {
    return (
      <Suspense fallback={<Skeleton rows={6} />}>
        <Screen />
      </Suspense>
    );
  }
  return (
    <div className={styles.section}>
      <h1>{t(title)}</h1>
      <EmptyState icon={Construction}>
        {t(isAllowed ? 'section.notBuilt' : 'section.notAllowed', { title: t(title) })}
      </EmptyState>
    </div>
  );
}
