// Cards that the user keeps open beside the live calls.

export interface Tab {
  readonly id: string;
  readonly title: string;
  /** The address of the card. */
  readonly to: string;
  /** Something in it was typed and not saved. */
  readonly isUnsaved: boolean;
}

/** More would not fit the strip: the oldest that has nothing unsaved gives way. */
const TABS_MAX = 12;

let tabs: readonly Tab[] = [];
const listeners = new Set<() => void>();

/** The same array until something changes, as `useSyncExternalStore` requires. */
export const openTabs = (): readonly Tab[] => tabs;

export function subscribeToTabs(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Adds the tab, or changes the one with its id where it stands. */
export function openTab(tab: Tab): void {
  const isThere = tabs.some((it) => it.id === tab.id);
  const next = isThere ? tabs.map((it) => (it.id === tab.id ? tab : it)) : [...tabs, tab];
  const spare = next.length > TABS_MAX ? next.find((it) => !it.isUnsaved) : undefined;
  commit(next.filter((it) => it !== spare));
}

export const closeTab = (id: string): void => commit(tabs.filter((it) => it.id !== id));

function commit(next: readonly Tab[]): void {
  tabs = next;
  for (const it of listeners) it();
}
