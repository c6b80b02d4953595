import { ChevronDown } from 'lucide-react';
import { Button, Dialog, DialogTrigger, Popover } from 'react-aria-components';
import { useText } from '../i18n/I18n';
import { Badge } from '../ui/Badge';
import { cx } from '../ui/cx';
import menu from '../ui/Menu.module.css';
import bar from './TopBar.module.css';

/** Where the operator's status will be chosen; says in words that queues are not there to have one in. */
export function StatusMenu() {
  const t = useText();
  return (
    <DialogTrigger>
      <Button className={cx(bar.state)}>
        <span className="visually-hidden">{t('status.label')}</span>
        <Badge tone="none">{t('status.none')}</Badge>
        <ChevronDown size={14} aria-hidden />
      </Button>
      <Popover className={cx(menu.popover)} placement="bottom end">
        <Dialog className={cx(menu.menu)} aria-label={t('status.label')}>
          <p className={menu.text}>{t('status.notBuilt')}</p>
        </Dialog>
      </Popover>
    </DialogTrigger>
  );
}
