// What has been typed into dialplans and is not in force yet. Knows no React.

import type { Dialplan } from '../../../api/types';

/** A text that differs from the file it was made on. */
export interface Draft {
  readonly text: string;
  /** The file as it was when the typing began; `undefined` for a file that is not there yet. */
  readonly base: Pick<Dialplan, 'text' | 'version'> | undefined;
}

/** Drafts by the name of their file. Files without one are as the server has them. */
export type Drafts = ReadonlyMap<string, Draft>;

/** Somebody typed; a text that is again what it was made on is no draft any more. */
export function typed(
  drafts: Drafts,
  name: string,
  text: string,
  server: Dialplan | undefined,
): Drafts {
  const base = drafts.has(name) ? drafts.get(name)?.base : server;
  return base && base.text === text ? without(drafts, name) : withDraft(drafts, name, text, base);
}

/** The text stays as it is, and from now on counts as made on the file as it is now. */
export function rebased(drafts: Drafts, server: Dialplan): Drafts {
  const mine = drafts.get(server.name);
  if (!mine || mine.text === server.text) return without(drafts, server.name);
  return withDraft(drafts, server.name, mine.text, server);
}

/** Forgets what was typed. */
export function without(drafts: Drafts, name: string): Drafts {
  if (!drafts.has(name)) return drafts;
  return new Map([...drafts].filter(([it]) => it !== name));
}

/** A new file with a text to begin from. */
export const begun = (drafts: Drafts, name: string, text: string): Drafts =>
  withDraft(drafts, name, text, undefined);

/** Whether the file is not any more what the draft was made on. */
export const isOvertaken = (draft: Draft | undefined, server: Dialplan | undefined): boolean =>
  draft !== undefined && server !== undefined && draft.base?.version !== server.version;

function withDraft(drafts: Drafts, name: string, text: string, base: Draft['base']): Drafts {
  return new Map(drafts).set(name, { text, base });
}

/** A name as the server takes it, with its ending; `undefined` if it would not. */
export function fileName(typedName: string): string | undefined {
  const stem = typedName.trim().replace(/\.toml$/, '');
  return /^[a-z0-9_-]{1,64}$/.test(stem) ? `${stem}.toml` : undefined;
}
