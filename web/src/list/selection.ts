// Which row has the focus and which rows are selected, as keys and clicks change it. Knows no React.

/** The focused row, the row a range is stretched from, and the selected rows; by id. */
export interface Selection {
  readonly focus: string | undefined;
  readonly anchor: string | undefined;
  readonly selected: ReadonlySet<string>;
}

/** What a person did to the rows. */
export type SelectionInput =
  | { readonly kind: 'key'; readonly key: string; readonly shift: boolean; readonly ctrl: boolean }
  | {
      readonly kind: 'click';
      readonly id: string;
      readonly shift: boolean;
      readonly ctrl: boolean;
    };

/** Nothing focused, nothing selected. */
export const NOTHING: Selection = { focus: undefined, anchor: undefined, selected: new Set() };

/**
 * Arrows, Page Up and Down, Home and End move the focus and with Shift stretch the selection; Space
 * turns the focused row on and off; Ctrl+A takes all rows; Escape lets go of them. Returns the very
 * same object where the input means nothing here.
 */
export function select(
  before: Selection,
  input: SelectionInput,
  ids: readonly string[],
  pageRows: number,
): Selection {
  if (ids.length === 0) return before;
  if (input.kind === 'click') return clicked(before, input, ids);
  const at = Math.max(0, before.focus === undefined ? 0 : ids.indexOf(before.focus));
  switch (input.key) {
    case 'ArrowDown':
      return moved(before, ids, before.focus === undefined ? 0 : at + 1, input.shift);
    case 'ArrowUp':
      return moved(before, ids, at - 1, input.shift);
    case 'PageDown':
      return moved(before, ids, at + pageRows, input.shift);
    case 'PageUp':
      return moved(before, ids, at - pageRows, input.shift);
    case 'Home':
      return moved(before, ids, 0, input.shift);
    case 'End':
      return moved(before, ids, ids.length - 1, input.shift);
    case ' ':
      return input.shift ? stretched(before, ids, at) : toggled(before, ids[at] as string);
    case 'Escape':
      return before.selected.size === 0 ? before : { ...before, selected: new Set() };
    default:
      return isSelectAll(input) ? { ...before, selected: new Set(ids) } : before;
  }
}

/**
 * Keeps up with rows that came, went or moved. A focused row that is gone hands the focus to the row
 * that took its place.
 */
export function follow(
  before: Selection,
  idsBefore: readonly string[],
  ids: readonly string[],
): Selection {
  const present = new Set(ids);
  const isWhole =
    (before.focus === undefined || present.has(before.focus)) &&
    (before.anchor === undefined || present.has(before.anchor)) &&
    [...before.selected].every((id) => present.has(id));
  if (isWhole) return before;
  const place = before.focus === undefined ? -1 : idsBefore.indexOf(before.focus);
  const focus =
    before.focus !== undefined && !present.has(before.focus)
      ? ids[Math.min(Math.max(place, 0), ids.length - 1)]
      : before.focus;
  return {
    focus,
    anchor: before.anchor !== undefined && present.has(before.anchor) ? before.anchor : focus,
    selected: new Set([...before.selected].filter((id) => present.has(id))),
  };
}

/** The rows that an action button means: the selected ones, else the focused one. */
export function targets(selection: Selection): readonly string[] {
  if (selection.selected.size > 0) return [...selection.selected];
  return selection.focus === undefined ? [] : [selection.focus];
}

function clicked(
  before: Selection,
  input: { id: string; shift: boolean; ctrl: boolean },
  ids: readonly string[],
): Selection {
  const at = ids.indexOf(input.id);
  if (at < 0) return before;
  if (input.shift) return stretched(before, ids, at);
  if (input.ctrl) return toggled(before, input.id);
  return { focus: input.id, anchor: input.id, selected: new Set([input.id]) };
}

function moved(
  before: Selection,
  ids: readonly string[],
  wanted: number,
  stretch: boolean,
): Selection {
  const at = Math.min(Math.max(wanted, 0), ids.length - 1);
  if (stretch) return stretched(before, ids, at);
  const focus = ids[at] as string;
  return { ...before, focus, anchor: focus };
}

function stretched(before: Selection, ids: readonly string[], at: number): Selection {
  const anchor = before.anchor ?? before.focus ?? (ids[at] as string);
  const from = Math.max(0, ids.indexOf(anchor));
  const range = ids.slice(Math.min(from, at), Math.max(from, at) + 1);
  return { focus: ids[at] as string, anchor, selected: new Set(range) };
}

function toggled(before: Selection, id: string): Selection {
  const selected = new Set(before.selected);
  if (!selected.delete(id)) selected.add(id);
  return { focus: id, anchor: id, selected };
}

/** The letter by its value in either layout: `ф` is on the key of `a`. */
function isSelectAll(input: { key: string; ctrl: boolean }): boolean {
  return input.ctrl && ['a', 'A', 'ф', 'Ф'].includes(input.key);
}
