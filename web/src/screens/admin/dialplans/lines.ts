// Lines of two texts against each other, and where in a text a line begins. Knows no React.

/** A line of one text, and whether the other has it at the same place. */
export interface Line {
  readonly number: number;
  readonly text: string;
  readonly isOnlyHere: boolean;
}

/** The lines of `text`, marked where `other` has something else. */
export function compared(text: string, other: string): readonly Line[] {
  const [a, b] = [text.split('\n'), other.split('\n')];
  const shared = sharedLines(a, b);
  return a.map((it, index) => ({ number: index + 1, text: it, isOnlyHere: !shared.has(index) }));
}

/** How many lines `text` has. */
export const countLines = (text: string): number => text.split('\n').length;

/** Where the line, counted from 1, begins and ends in `text`. */
export function spanOf(text: string, line: number): readonly [number, number] {
  const lines = text.split('\n');
  const before = lines.slice(0, line - 1);
  const start = before.reduce((sum, it) => sum + it.length + 1, 0);
  return [start, start + (lines[line - 1]?.length ?? 0)];
}

/** How many columns the line takes, counted from 1, with tabs as wide as they are shown. */
export function widthOf(text: string, line: number, tab: number): number {
  let width = 0;
  for (const it of text.split('\n')[line - 1] ?? '') {
    width += it === '\t' ? tab - (width % tab) : 1;
  }
  return width;
}

/** Indices of `a` that stand in `b` too, in the same order: the longest such. */
function sharedLines(a: readonly string[], b: readonly string[]): ReadonlySet<number> {
  const shared = new Set<number>();
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) shared.add(head++);
  let [endA, endB] = [a.length, b.length];
  while (endA > head && endB > head && a[endA - 1] === b[endB - 1]) {
    endA -= 1;
    endB -= 1;
    shared.add(endA);
  }
  const [mine, theirs] = [a.slice(head, endA), b.slice(head, endB)];
  // Of texts that differ as much as this nobody reads marks.
  if (mine.length * theirs.length > COMPARED_MAX) return shared;
  const width = theirs.length + 1;
  const longest = new Uint32Array((mine.length + 1) * width);
  const at = (i: number, j: number) => longest[i * width + j] ?? 0;
  for (let i = mine.length - 1; i >= 0; i -= 1) {
    for (let j = theirs.length - 1; j >= 0; j -= 1) {
      longest[i * width + j] =
        mine[i] === theirs[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  for (let i = 0, j = 0; i < mine.length && j < theirs.length; ) {
    if (mine[i] === theirs[j]) {
      shared.add(head + i);
      i += 1;
      j += 1;
    } else if (at(i + 1, j) >= at(i, j + 1)) i += 1;
    else j += 1;
  }
  return shared;
}

const COMPARED_MAX = 4_000_000;
