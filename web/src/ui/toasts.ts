// Short messages in the corner. A store outside React, so that anything can say something.

import type { Tone } from './Badge';

export interface Toast {
  readonly id: number;
  readonly tone: Tone;
  readonly text: string;
}

/** Long enough to read two lines; one that asks for attention stays until it is closed. */
const SHOWN_MS = 6000;

let toasts: readonly Toast[] = [];
let nextId = 1;
const listeners = new Set<() => void>();

/** Shows `text`; a `missed` one (an error) stays until it is closed. */
export function toast(text: string, tone: Tone = 'ready'): void {
  const id = nextId++;
  commit([...toasts.slice(-3), { id, tone, text }]);
  if (tone !== 'missed') setTimeout(() => closeToast(id), SHOWN_MS);
}

export const closeToast = (id: number): void => commit(toasts.filter((it) => it.id !== id));

export const shownToasts = (): readonly Toast[] => toasts;

export function subscribeToToasts(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function commit(next: readonly Toast[]): void {
  toasts = next;
  for (const listener of listeners) listener();
}
