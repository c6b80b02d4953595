import { Link } from '@tanstack/react-router';
import { useText } from '../i18n/I18n';
import { EmptyState } from '../ui/States';

/** An address that leads nowhere. */
export function NotFound() {
  const t = useText();
  return (
    <main>
      <EmptyState action={<Link to="/">{t('notFound.home')}</Link>}>
        {t('notFound.text')}
      </EmptyState>
    </main>
  );
}
