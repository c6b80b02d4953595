import { Link } from '@tanstack/react-router';
import { useText } from '../i18n/I18n';
import { useLive } from '../live/LiveContext';
import styles from './NavRail.module.css';
import { type GroupCode, isSection, sections } from './sections';

/** The sections that the user has, in the server's order and groups, with what waits in each. */
export function NavRail() {
  const t = useText();
  const menu = useLive((it) => it.menu);
  const groups = [...new Set(menu.map((it) => it.group))];

  return (
    <nav className={styles.rail} aria-label={t('shell.nav')}>
      {groups.map((group) => (
        <section key={group} aria-label={t(`group.${group as GroupCode}`)}>
          <p className={styles.group} aria-hidden="true">
            {t(`group.${group as GroupCode}`)}
          </p>
          <ul>
            {menu
              .filter((it) => it.group === group)
              .map(
                (it) =>
                  isSection(it.code) && <Item key={it.code} code={it.code} badge={it.badge} />,
              )}
          </ul>
        </section>
      ))}
    </nav>
  );
}

function Item({ code, badge }: { code: keyof typeof sections; badge: number }) {
  const t = useText();
  const { icon: Icon, menu } = sections[code];
  const label = t(menu);

  return (
    <li>
      <Link
        to="/workspace/$section"
        params={{ section: code }}
        className={styles.item}
        title={label}
        activeProps={{ 'aria-current': 'page' }}
      >
        <Icon size={17} aria-hidden />
        <span className={styles.label}>{label}</span>
        {badge > 0 && (
          <span className={styles.badge}>
            {badge > 99 ? '99+' : badge}
            <span className="visually-hidden"> {t('shell.waiting')}</span>
          </span>
        )}
      </Link>
    </li>
  );
}
