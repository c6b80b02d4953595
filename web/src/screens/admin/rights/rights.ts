// What there is to permit: in words, and in groups as an administrator thinks of them.

import { useCallback } from 'react';
import { type TextId, useText } from '../../../i18n/I18n';

const GROUPS = {
  work: ['workspace.use', 'extensions.view', 'wall.view', 'wall.manage', 'ui.json'],
  calls: [
    'calls.own',
    'calls.team',
    'live.view',
    'call.hangup_any',
    'call.record_any',
    'call.supervise',
    'recordings.listen',
    'agent.force_status',
    'interactions.view',
    'cdrs.view',
    'cdrs.export',
    'trace.view',
    'registrations.view',
  ],
  quality: ['kb.use', 'qm.view', 'qm.audit'],
  directory: ['users.manage', 'roles.manage', 'lines.manage', 'trunks.manage', 'domains.manage'],
  server: ['dialplans.view', 'dialplans.manage', 'health.view', 'config.view', 'audit.view'],
} as const;

type Known = (typeof GROUPS)[keyof typeof GROUPS][number];

/** A right as the server lists it. */
export interface Right {
  readonly code: string;
  /** Whether who looks has it, and so may give it and take it away. */
  readonly is_mine: boolean;
}

/** Rights that belong together. */
export interface RightGroup {
  readonly label: TextId;
  readonly rights: readonly Right[];
}

/** The server's rights in groups; those that this panel does not know come last. */
export function grouped(rights: readonly Right[]): readonly RightGroup[] {
  const byCode = new Map(rights.map((it) => [it.code, it]));
  const groups: RightGroup[] = Object.entries(GROUPS).map(([group, codes]) => ({
    label: `admin.rightGroup.${group as keyof typeof GROUPS}` as const,
    rights: codes.flatMap((code) => byCode.get(code) ?? []),
  }));
  const known = new Set<string>(KNOWN);
  groups.push({
    label: 'admin.rightGroup.other',
    rights: rights.filter((it) => !known.has(it.code)),
  });
  return groups.filter((it) => it.rights.length > 0);
}

const KNOWN: readonly Known[] = Object.values(GROUPS).flat();

/** Says a right in words; by its code if this panel does not know it. */
export function useRightText(): (code: string) => string {
  const t = useText();
  return useCallback(
    (code) => {
      const known = KNOWN.find((it) => it === code);
      return known ? t(`admin.right.${known}`) : code;
    },
    [t],
  );
}
