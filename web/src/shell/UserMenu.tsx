import { useNavigate } from '@tanstack/react-router';
import { ChevronDown, Keyboard, LayoutGrid, LogOut, UserRound } from 'lucide-react';
import {
  Button as AriaButton,
  Header,
  Menu,
  MenuItem,
  MenuSection,
  MenuTrigger,
  Popover,
} from 'react-aria-components';
import { useSession, useSessionState } from '../app/session';
import { useText } from '../i18n/I18n';
import { cx } from '../ui/cx';
import menu from '../ui/Menu.module.css';
import { openShortcuts } from './shortcuts';
import styles from './TopBar.module.css';

/** Who is signed in; profile, the way out, and in the workspace the products and the keys. */
export function UserMenu({ inWorkspace = false }: { inWorkspace?: boolean }) {
  const t = useText();
  const navigate = useNavigate();
  const { me } = useSession();
  const { signOut } = useSessionState();

  return (
    <MenuTrigger>
      <AriaButton className={cx(styles.user)}>
        <span className="visually-hidden">{t('user.menu', { name: me.name })}</span>
        <span className={styles.avatar} aria-hidden="true">
          {initials(me.name)}
        </span>
        <span className={styles.userName}>{shortName(me.name)}</span>
        <ChevronDown size={14} aria-hidden />
      </AriaButton>
      <Popover className={cx(menu.popover)} placement="bottom end" offset={4}>
        <Menu className={cx(menu.menu)}>
          <MenuSection>
            <Header className={cx(menu.header)}>
              {me.login} @ {me.domain.name}
            </Header>
            <MenuItem
              className={cx(menu.item)}
              onAction={() =>
                void navigate({ to: '/workspace/$section', params: { section: 'settings' } })
              }
            >
              <UserRound size={16} aria-hidden />
              {t('title.settings')}
            </MenuItem>
            {inWorkspace && (
              <>
                <MenuItem className={cx(menu.item)} onAction={() => void navigate({ to: '/' })}>
                  <LayoutGrid size={16} aria-hidden />
                  {t('launcher.title')}
                </MenuItem>
                <MenuItem className={cx(menu.item)} onAction={openShortcuts}>
                  <Keyboard size={16} aria-hidden />
                  {t('shortcuts.title')}
                </MenuItem>
              </>
            )}
            <MenuItem className={cx(menu.item)} onAction={() => void signOut()}>
              <LogOut size={16} aria-hidden />
              {t('user.signOut')}
            </MenuItem>
          </MenuSection>
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}

/** `Евгения Виноградова` → `ЕВ`. */
function initials(name: string): string {
  const [first = '', second = ''] = name.split(/\s+/);
  return `${first.charAt(0)}${second.charAt(0)}`.toUpperCase();
}

/** `Евгения Виноградова` → `Евгения В.`: the top bar is short. */
function shortName(name: string): string {
  const [first = '', second] = name.split(/\s+/);
  return second ? `${first} ${second.charAt(0)}.` : first;
}
