// The keys that work everywhere. By position (`code`), so that the Russian layout does not matter.

import type { TextId } from '../i18n/I18n';

export interface Shortcut {
  readonly code: string;
  readonly ctrl?: boolean;
  readonly shift?: boolean;
  readonly alt?: boolean;
  /** As it is written on the cheat-sheet. */
  readonly keys: string;
  readonly label: TextId;
}

export const SHORTCUTS = {
  search: { code: 'KeyK', ctrl: true, keys: 'Ctrl+K', label: 'shortcuts.search' },
  hangup: { code: 'KeyE', ctrl: true, shift: true, keys: 'Ctrl+Shift+E', label: 'call.hangup' },
  record: { code: 'KeyU', ctrl: true, shift: true, keys: 'Ctrl+Shift+U', label: 'call.record' },
  nextTab: { code: 'ArrowDown', alt: true, keys: 'Alt+↓', label: 'shortcuts.nextTab' },
  previousTab: { code: 'ArrowUp', alt: true, keys: 'Alt+↑', label: 'shortcuts.previousTab' },
  help: { code: 'F1', keys: 'F1', label: 'shortcuts.title' },
} as const satisfies Record<string, Shortcut>;

export const isPressed = (it: Shortcut, event: KeyboardEvent): boolean =>
  event.code === it.code &&
  (event.ctrlKey || event.metaKey) === (it.ctrl ?? false) &&
  event.shiftKey === (it.shift ?? false) &&
  event.altKey === (it.alt ?? false);

/** The cheat-sheet and the search are asked for from many places. */
const asks = new EventTarget();

export const openShortcuts = (): void => void asks.dispatchEvent(new Event('shortcuts'));
export const openSearch = (): void => void asks.dispatchEvent(new Event('search'));

export function onAsked(what: 'shortcuts' | 'search', listener: () => void): () => void {
  asks.addEventListener(what, listener);
  return () => asks.removeEventListener(what, listener);
}
