import { type RefObject, useEffect, useLayoutEffect, useRef } from 'react';

/**
 * Leads the focus into a card that opens beside its list, and back to where it was when the card is
 * gone. The card is what stands after the list in `screen`.
 */
export function useCardFocus(
  screen: RefObject<HTMLElement | null>,
  isOpen: boolean,
  onEscape: (() => void) | undefined,
): void {
  const before = useRef<Element>(undefined);
  const last = useRef<Element>(undefined);
  const close = useRef(onEscape);
  close.current = onEscape;

  useEffect(() => {
    const { current } = screen;
    const note = ({ target }: FocusEvent) => {
      if (target instanceof Element && !cardOf(current)?.contains(target)) last.current = target;
    };
    current?.addEventListener('focusin', note);
    return () => current?.removeEventListener('focusin', note);
  }, [screen]);

  useLayoutEffect(() => {
    const card = isOpen ? cardOf(screen.current) : undefined;
    if (!card) return undefined;
    const { activeElement } = document;
    // A field of the card may have taken it already.
    const isInside = card.contains(activeElement);
    before.current = isInside ? last.current : (activeElement ?? undefined);
    if (!isInside) {
      card.tabIndex = -1;
      card.focus({ preventScroll: true });
    }
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key !== 'Escape' || event.defaultPrevented || !close.current) return;
      event.preventDefault();
      close.current();
    };
    card.addEventListener('keydown', onKeyDown);
    return () => card.removeEventListener('keydown', onKeyDown);
  }, [screen, isOpen]);

  const wasOpen = useRef(false);
  useEffect(() => {
    const hasClosed = wasOpen.current && !isOpen;
    wasOpen.current = isOpen;
    // Who has gone elsewhere meanwhile stays there.
    if (hasClosed && document.activeElement === document.body) back(screen.current, before.current);
  }, [screen, isOpen]);
}

function cardOf(screen: HTMLElement | null): HTMLElement | undefined {
  const last = screen?.lastElementChild;
  return last instanceof HTMLElement && last !== screen?.firstElementChild ? last : undefined;
}

/** A row that is drawn anew is another element: then the row that the keyboard would come to. */
function back(screen: HTMLElement | null, before: Element | undefined): void {
  const target = before?.isConnected ? before : screen?.querySelector('[data-row][tabindex="0"]');
  if (target instanceof HTMLElement) target.focus({ preventScroll: true });
}
