import { useRef, useState } from 'react';
import { Dialog, Heading, Modal } from 'react-aria-components';
import { useText } from '../i18n/I18n';
import { copyFrom } from '../ui/clipboard';
import css from './Toolbar.module.css';

/** Raw records, read-only, with a copy button. `undefined` is closed. */
export function JsonViewer({ value, onClose }: { value: unknown; onClose: () => void }) {
  const t = useText();
  const [isCopied, setCopied] = useState(false);
  const text = JSON.stringify(value, null, 2) ?? '';
  const shown = useRef<HTMLPreElement>(null);
  const copy = async () => setCopied(await copyFrom(shown.current));
  return (
    <Modal
      isOpen={value !== undefined}
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
      isDismissable
      className={css.modal ?? ''}
    >
      <Dialog className={css.dialog ?? ''}>
        <Heading slot="title">{t('list.json')}</Heading>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: long records are scrolled by the keyboard */}
        <pre ref={shown} className={css.json} tabIndex={0}>
          {text}
        </pre>
        <div className={css.line}>
          <button type="button" className={css.button} onClick={copy}>
            {t(isCopied ? 'list.copied' : 'list.copy')}
          </button>
          <button type="button" className={css.button} onClick={onClose}>
            {t('list.close')}
          </button>
        </div>
      </Dialog>
    </Modal>
  );
}
