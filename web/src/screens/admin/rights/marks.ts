// What somebody has marked in the table of rights and not saved yet. Knows no React.

import type { Role } from '../../../api/types';

/** By role and right, whether the role is to have it. */
export type Marks = ReadonlyMap<string, boolean>;

const keyOf = (role: string, right: string): string => `${role} ${right}`;

/** Whether the role has the right, by the marks if there is one. */
export function has(marks: Marks, role: Role, right: string): boolean {
  return marks.get(keyOf(role.id, right)) ?? role.rights.includes(right);
}

/** Whether a mark differs from what the role has. */
export function isMarked(marks: Marks, role: Role, right: string): boolean {
  const wanted = marks.get(keyOf(role.id, right));
  return wanted !== undefined && wanted !== role.rights.includes(right);
}

/** With one more mark; none is left where it would change nothing. */
export function mark(marks: Marks, role: Role, right: string, wanted: boolean): Marks {
  const next = new Map(marks);
  if (wanted === role.rights.includes(right)) next.delete(keyOf(role.id, right));
  else next.set(keyOf(role.id, right), wanted);
  return next;
}

/** Without those of a role. */
export function without(marks: Marks, role: string): Marks {
  return new Map([...marks].filter(([key]) => !key.startsWith(keyOf(role, ''))));
}

/** How many rights of the roles the marks change. */
export function countMarked(marks: Marks, roles: readonly Role[]): number {
  return roles.reduce((sum, role) => sum + marked(marks, role).length, 0);
}

/** The rights that the role is to have. A mark stands whatever others have changed meanwhile. */
export function rightsOf(marks: Marks, role: Role): readonly string[] {
  const changed = marked(marks, role);
  const kept = role.rights.filter((it) => !changed.includes(it));
  return [...kept, ...changed.filter((it) => !role.rights.includes(it))];
}

function marked(marks: Marks, role: Role): readonly string[] {
  const start = keyOf(role.id, '');
  return [...marks.keys()]
    .filter((key) => key.startsWith(start))
    .map((key) => key.slice(start.length))
    .filter((right) => isMarked(marks, role, right));
}
