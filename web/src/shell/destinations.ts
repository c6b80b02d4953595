import { useNavigate } from '@tanstack/react-router';
import { useMemo } from 'react';
import { appearance, setAppearance } from '../app/appearance';
import { useSessionState } from '../app/session';
import { useText } from '../i18n/I18n';
import { useLive } from '../live/LiveContext';
import { isSection, sections } from './sections';
import { openShortcuts } from './shortcuts';

/** Something that the search finds without asking the server. */
export interface Destination {
  readonly id: string;
  readonly title: string;
  /** What it is, in a word. */
  readonly kind: string;
  readonly run: () => void;
}

/** The user's sections, and commands. */
export function useDestinations(): readonly Destination[] {
  const t = useText();
  const navigate = useNavigate();
  const menu = useLive((it) => it.menu);
  const { signOut } = useSessionState();

  return useMemo(() => {
    const toSections = menu.flatMap(({ code }) =>
      isSection(code)
        ? {
            id: `section:${code}`,
            title: t(sections[code].menu),
            kind: t('search.section'),
            run: () => void navigate({ to: '/workspace/$section', params: { section: code } }),
          }
        : [],
    );
    const command = (id: string, title: string, run: () => void) => ({
      id,
      title,
      kind: t('search.command'),
      run,
    });
    return [
      ...toSections,
      command('theme', t('search.switchTheme'), () =>
        setAppearance({ theme: appearance().theme === 'dark' ? 'light' : 'dark' }),
      ),
      command('shortcuts', t('shortcuts.title'), openShortcuts),
      command('products', t('launcher.title'), () => void navigate({ to: '/' })),
      command('sign-out', t('user.signOut'), () => void signOut()),
    ];
  }, [menu, navigate, signOut, t]);
}
