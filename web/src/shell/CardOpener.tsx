import { useNavigate } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { useLive } from '../live/LiveContext';
import { useOwnCalls } from './calls';

/**
 * «Автоматическое открытие карточек»: an own call that was answered opens by itself, unless the user is
 * typing: then its tab waits in the strip, and no key goes astray.
 */
export function CardOpener() {
  const navigate = useNavigate();
  const calls = useOwnCalls();
  const isLoaded = useLive((it) => it.isLoaded);
  const seen = useRef<ReadonlySet<string>>(undefined);

  useEffect(() => {
    if (!isLoaded) return;
    const answered = calls.filter((it) => it.answered_at !== null).map((it) => it.id);
    const fresh = answered.find((it) => !seen.current?.has(it));
    // What went on before this page was opened is no news.
    const isFirst = seen.current === undefined;
    seen.current = new Set(answered);
    if (isFirst || !fresh || isTyping() || isAsking()) return;
    void navigate({ to: '/workspace/call/$id', params: { id: fresh } });
  }, [calls, isLoaded, navigate]);

  return null;
}

const isTyping = (): boolean =>
  document.activeElement?.matches('input, textarea, select, [contenteditable="true"]') ?? false;

/** Something modal is open: it has the user's attention and maybe their text. */
const isAsking = (): boolean =>
  document.querySelector('[role="dialog"], [role="alertdialog"]') !== null;
