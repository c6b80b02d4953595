import { CircleHelp } from 'lucide-react';
import { useState } from 'react';
import { Dialog, Heading, Modal } from 'react-aria-components';
import { type TextId, useText } from '../i18n/I18n';
import { Kbd } from '../ui/Kbd';
import css from './ListScreen.module.css';
import toolbar from './Toolbar.module.css';

/** `?` beside the title: how a list is used. The article of the knowledge base comes with it. */
export function ListHelp({ title }: { readonly title: string }) {
  const t = useText();
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <button
        type="button"
        className={css.help}
        aria-label={t('list.help')}
        title={t('list.help')}
        onClick={() => setOpen(true)}
      >
        <CircleHelp size={16} aria-hidden />
      </button>
      <Modal isOpen={isOpen} onOpenChange={setOpen} isDismissable className={toolbar.modal ?? ''}>
        <Dialog className={toolbar.dialog ?? ''}>
          <Heading slot="title">{t('list.helpOn', { title })}</Heading>
          <dl className={css.keys}>
            {KEYS.map(([key, text]) => (
              <div key={key}>
                <dt>
                  <Kbd>{key}</Kbd>
                </dt>
                <dd>{t(text)}</dd>
              </div>
            ))}
          </dl>
          <p className={css.note}>{t('list.helpLater')}</p>
          <button type="button" className={toolbar.button} onClick={() => setOpen(false)}>
            {t('list.close')}
          </button>
        </Dialog>
      </Modal>
    </>
  );
}

const KEYS: readonly (readonly [string, TextId])[] = [
  ['↑ ↓ PgUp PgDn Home End', 'list.key.move'],
  ['Enter', 'list.key.open'],
  ['Esc', 'list.key.close'],
  ['Space', 'list.key.select'],
  ['Shift + ↑ ↓', 'list.key.stretch'],
  ['Ctrl + A', 'list.key.all'],
];
