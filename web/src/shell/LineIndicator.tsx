import { Button, Dialog, DialogTrigger, Popover } from 'react-aria-components';
import { useText } from '../i18n/I18n';
import { useLive } from '../live/LiveContext';
import { cx } from '../ui/cx';
import { LineBadge } from '../ui/LineBadge';
import menu from '../ui/Menu.module.css';
import { Timer } from '../ui/Timer';
import styles from './LineIndicator.module.css';
import bar from './TopBar.module.css';

/** The user's line: its number and what the server knows of it; all of them on a click. */
export function LineIndicator() {
  const t = useText();
  const lines = useLive((it) => it.myLines);
  const isLoaded = useLive((it) => it.isLoaded);
  const first = lines[0];
  if (!isLoaded) return null;
  if (!first) return <LineBadge status="not_assigned" />;

  return (
    <DialogTrigger>
      <Button className={cx(bar.state)}>
        <span className="visually-hidden">{t('line.label', { number: first.number })}</span>
        <span className={bar.number} aria-hidden="true">
          {first.number}
        </span>
        <LineBadge status={first.status} />
      </Button>
      <Popover className={cx(menu.popover)} placement="bottom end">
        <Dialog className={cx(styles.lines)} aria-label={t('profile.lines')}>
          <table>
            <tbody>
              {lines.map((it) => (
                <tr key={it.id}>
                  <th scope="row">{it.number}</th>
                  <td>{it.name}</td>
                  <td>
                    <LineBadge status={it.status} />
                  </td>
                  <td>
                    <Timer since={it.since} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
          <p className={menu.text}>{t('line.how')}</p>
        </Dialog>
      </Popover>
    </DialogTrigger>
  );
}
