import { createContext, type ReactNode, useCallback, useContext, useRef, useState } from 'react';
import { Dialog, Heading, Modal, ModalOverlay } from 'react-aria-components';
import { useText } from '../i18n/I18n';
import { Button } from './Button';
import styles from './Confirm.module.css';
import { cx } from './cx';

interface Question {
  /** What is about to happen, as a question. */
  readonly text: string;
  /** What is lost by it cannot be had back. */
  readonly isDangerous?: boolean;
}

type Ask = (question: Question) => Promise<boolean>;

const ConfirmContext = createContext<Ask>(() => Promise.resolve(false));

/** `if (await confirm({ text }))`: «Подтверждение» with ДА (Enter) and НЕТ (Esc). */
export const useConfirm = (): Ask => useContext(ConfirmContext);

/** Shows the question of `useConfirm` over everything but the phone bar. */
export function ConfirmProvider({ children }: { children: ReactNode }) {
  const t = useText();
  const [question, setQuestion] = useState<Question>();
  const answer = useRef<(yes: boolean) => void>(undefined);

  const ask = useCallback<Ask>((next) => {
    answer.current?.(false);
    setQuestion(next);
    return new Promise((resolve) => {
      answer.current = resolve;
    });
  }, []);
  const close = (yes: boolean) => {
    setQuestion(undefined);
    answer.current?.(yes);
    answer.current = undefined;
  };

  return (
    <ConfirmContext value={ask}>
      {children}
      <ModalOverlay
        className={cx(styles.overlay)}
        isOpen={question !== undefined}
        onOpenChange={(isOpen) => isOpen || close(false)}
      >
        <Modal className={cx(styles.modal)}>
          <Dialog role="alertdialog" className={cx(styles.dialog)}>
            <Heading slot="title">{t('confirm.title')}</Heading>
            <p>{question?.text}</p>
            <div className={styles.buttons}>
              <Button
                kind={question?.isDangerous ? 'danger' : 'primary'}
                autoFocus
                onPress={() => close(true)}
              >
                {t('confirm.yes')}
              </Button>
              <Button onPress={() => close(false)}>{t('confirm.no')}</Button>
            </div>
          </Dialog>
        </Modal>
      </ModalOverlay>
    </ConfirmContext>
  );
}
