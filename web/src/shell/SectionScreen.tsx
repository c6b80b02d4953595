import { useParams } from '@tanstack/react-router';
import { Suspense } from 'react';
import { useText } from '../i18n/I18n';
import { isSection, sections } from './sections';

/** The screen of the section in the address, or in plain words that it is not built. */
export function SectionScreen() {
  const t = useText();
  const { section: code } = useParams({ from: '/workspace/$section' });
  if (!isSection(code)) return null;
  const { screen: Screen, title } = sections[code];

  return (
    <Suspense>{Screen ? <Screen /> : <p>{t('section.notBuilt', { title: t(title) })}</p>}</Suspense>
  );
}
