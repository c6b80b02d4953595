import { X } from 'lucide-react';
import { useEffect, useState } from 'react';
import { Dialog, Heading, Modal, ModalOverlay } from 'react-aria-components';
import { useText } from '../i18n/I18n';
import { IconButton } from '../ui/Button';
import { cx } from '../ui/cx';
import { Kbd } from '../ui/Kbd';
import styles from './Dialogs.module.css';
import { onAsked, SHORTCUTS } from './shortcuts';

/** F1: the keys that work now. */
export function ShortcutsDialog() {
  const t = useText();
  const [isOpen, setOpen] = useState(false);
  useEffect(() => onAsked('shortcuts', () => setOpen(true)), []);

  return (
    <ModalOverlay
      className={cx(styles.overlay)}
      isOpen={isOpen}
      onOpenChange={setOpen}
      isDismissable
    >
      <Modal className={cx(styles.modal)}>
        <Dialog className={cx(styles.dialog)}>
          <header className={styles.header}>
            <Heading slot="title">{t('shortcuts.title')}</Heading>
            <IconButton icon={X} label={t('dialog.close')} onPress={() => setOpen(false)} />
          </header>
          <ShortcutList />
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}

/** The cheat-sheet itself; the profile shows it, too. */
export function ShortcutList() {
  const t = useText();
  return (
    <dl className={styles.shortcuts}>
      {Object.values(SHORTCUTS).map((it) => (
        <div key={it.keys}>
          <dt>{t(it.label)}</dt>
          <dd>
            <Kbd>{it.keys}</Kbd>
          </dd>
        </div>
      ))}
    </dl>
  );
}
