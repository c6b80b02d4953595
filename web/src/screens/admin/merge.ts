// Two people edit one object: what of it can be put together, and what a person must decide. Knows no
// React.

/** What a field of a form holds. */
export type Value = string | boolean | readonly string[];

/** A form's fields by name. */
export type Values = Readonly<Record<string, Value>>;

/** A field that both changed, to different ends. */
export interface Conflict {
  readonly field: string;
  readonly mine: Value;
  readonly theirs: Value;
}

/** What comes of a save that met a newer version. */
export interface Merge {
  /** Nothing of mine is lost: where both changed a field, mine stands until it is decided. */
  readonly values: Values;
  readonly conflicts: readonly Conflict[];
}

/** Puts `mine` and `theirs` together, both having started from `base`. */
export function merge(base: Values, mine: Values, theirs: Values): Merge {
  const values: Record<string, Value> = {};
  const conflicts: Conflict[] = [];
  for (const [field, own] of Object.entries(mine)) {
    const other = theirs[field] ?? own;
    const start = base[field] ?? own;
    if (isSame(own, start)) {
      values[field] = other;
    } else {
      values[field] = own;
      if (!isSame(other, start) && !isSame(other, own)) {
        conflicts.push({ field, mine: own, theirs: other });
      }
    }
  }
  return { values, conflicts };
}

/** Lists are sets: their order says nothing. */
export function isSame(a: Value, b: Value): boolean {
  if (!Array.isArray(a) || !Array.isArray(b)) return a === b;
  return a.length === b.length && [...a].sort().join('\n') === [...b].sort().join('\n');
}

/** Whether anything differs. */
export function isChanged(base: Values, mine: Values): boolean {
  return Object.entries(mine).some(([field, own]) => !isSame(own, base[field] ?? own));
}
