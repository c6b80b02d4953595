import { useRouter } from '@tanstack/react-router';
import { useEffect } from 'react';
import { type TextId, useText } from '../../i18n/I18n';
import { useConfirm } from '../../ui/Confirm';

/** Asks `question` before the address changes or the window closes, as long as something is not saved. */
export function useUnsaved(isUnsaved: boolean, question: TextId): void {
  const t = useText();
  const confirm = useConfirm();
  const history = useRouter({ warn: false })?.history;
  useEffect(() => {
    if (!isUnsaved) return undefined;
    return history?.block({
      blockerFn: async () => !(await confirm({ text: t(question), isDangerous: true })),
      enableBeforeUnload: true,
    });
  }, [isUnsaved, question, history, confirm, t]);
}
