import { useNavigate } from '@tanstack/react-router';
import { Lock } from 'lucide-react';
import { GridList, GridListItem } from 'react-aria-components';
import type { Product } from '../../api/types';
import { useSession } from '../../app/session';
import { useServerText, useText } from '../../i18n/I18n';
import { UserMenu } from '../../shell/UserMenu';
import { cx } from '../../ui/cx';
import { EmptyState } from '../../ui/States';
import { toast } from '../../ui/toasts';
import styles from './Launcher.module.css';
import { ProductIcon } from './ProductIcon';

/** The products of the user, as the server orders them; arrows move, Enter opens. */
export function Launcher() {
  const t = useText();
  const says = useServerText();
  const navigate = useNavigate();
  const { me } = useSession();
  const open = (code: string) => {
    const product = me.products.find((it) => it.code === code);
    if (product?.locked) toast(says(product.locked), 'off');
    else if (product?.route) void navigate({ to: product.route });
  };

  return (
    <div className={styles.page}>
      <header className={styles.header}>
        <img src="/favicon.svg" alt="" />
        <strong>{me.product}</strong>
        <span className={styles.who}>
          {[me.name, me.position && `${me.position} @ ${me.domain.name}`]
            .filter(Boolean)
            .join(' · ')}
        </span>
        <UserMenu />
      </header>
      <main className={styles.main}>
        <h1>{t('launcher.title')}</h1>
        <GridList
          aria-label={t('launcher.title')}
          layout="grid"
          className={cx(styles.grid)}
          items={me.products}
          onAction={(key) => open(String(key))}
          renderEmptyState={() => <EmptyState>{t('launcher.empty')}</EmptyState>}
        >
          {(product) => (
            <GridListItem
              id={product.code}
              textValue={accessibleName(product, says)}
              className={cx(styles.tile, product.locked !== null && styles.locked)}
            >
              <ProductIcon name={product.icon} />
              <span className={styles.words}>
                <strong>{says(product.title)}</strong>
                <span className={styles.caption}>
                  {product.locked ? says(product.locked) : says(product.caption)}
                </span>
              </span>
              {product.locked && <Lock size={14} aria-hidden className={styles.lock} />}
            </GridListItem>
          )}
        </GridList>
      </main>
    </div>
  );
}

function accessibleName(
  { title, caption, locked }: Product,
  says: (text: { ru: string; en: string }) => string,
): string {
  return [says(title), says(locked ?? caption)].filter(Boolean).join(': ');
}
