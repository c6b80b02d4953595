import { expect, test } from 'vitest';
import { follow, NOTHING, type Selection, select, targets } from './selection';

const IDS = ['a', 'b', 'c', 'd', 'e', 'f'];

test('arrows move the focus, stop at the ends and select nothing', () => {
  expect(keys('ArrowDown').focus).toBe('a');
  expect(keys('ArrowDown', 'ArrowDown').focus).toBe('b');
  expect(keys('ArrowUp', 'ArrowUp').focus).toBe('a');
  expect(keys('End', 'ArrowDown').focus).toBe('f');
  expect(keys('End').selected.size).toBe(0);
});

test('pages, Home and End', () => {
  expect(keys('ArrowDown', 'PageDown').focus).toBe('d');
  expect(keys('End', 'PageUp').focus).toBe('c');
  expect(keys('End', 'Home').focus).toBe('a');
});

test('Space turns the focused row on and off', () => {
  expect(chosen(keys('ArrowDown', ' '))).toEqual(['a']);
  expect(chosen(keys('ArrowDown', ' ', 'ArrowDown', ' '))).toEqual(['a', 'b']);
  expect(chosen(keys('ArrowDown', ' ', ' '))).toEqual([]);
});

test('Shift stretches from where it began, and shrinks again', () => {
  expect(chosen(keys('ArrowDown', 'S+ArrowDown', 'S+ArrowDown'))).toEqual(['a', 'b', 'c']);
  expect(chosen(keys('ArrowDown', 'S+End', 'S+ArrowUp', 'S+Home'))).toEqual(['a']);
});

test.each(['C+a', 'C+ф'])('%s takes all rows and Escape lets go', (all) => {
  expect(chosen(keys('ArrowDown', all))).toEqual(IDS);
  expect(chosen(keys('ArrowDown', all, 'Escape'))).toEqual([]);
});

test('a click takes one row, Ctrl adds, Shift stretches', () => {
  const one = select(NOTHING, click('b'), IDS, 3);
  const two = select(one, click('e', 'ctrl'), IDS, 3);
  const stretch = select(one, click('d', 'shift'), IDS, 3);

  expect(chosen(one)).toEqual(['b']);
  expect(chosen(two)).toEqual(['b', 'e']);
  expect(chosen(stretch)).toEqual(['b', 'c', 'd']);
});

test('a key that means nothing here changes nothing', () => {
  const before = keys('ArrowDown');

  expect(select(before, key('x'), IDS, 3)).toBe(before);
  expect(select(before, key('ArrowDown'), [], 3)).toBe(before);
});

test('new rows on top leave focus and selection where they were', () => {
  const before = keys('ArrowDown', 'ArrowDown', ' ');

  expect(follow(before, IDS, ['new', ...IDS])).toBe(before);
});

test('the focus of a row that is gone goes to the one in its place', () => {
  const before = keys('ArrowDown', 'ArrowDown', ' ');

  const after = follow(before, IDS, ['a', 'c', 'd']);

  expect(after.focus).toBe('c');
  expect(chosen(after)).toEqual([]);
  expect(follow(keys('End'), IDS, []).focus).toBeUndefined();
});

test('actions mean the selected rows, else the focused one', () => {
  expect(targets(NOTHING)).toEqual([]);
  expect(targets(keys('ArrowDown', 'ArrowDown'))).toEqual(['b']);
  expect(targets(keys('ArrowDown', ' ', 'ArrowDown'))).toEqual(['a']);
});

function keys(...presses: string[]): Selection {
  return presses.reduce((state, press) => select(state, key(press), IDS, 3), NOTHING);
}

function key(press: string) {
  const name = press.replace(/^[SC]\+/, '');
  return {
    kind: 'key' as const,
    key: name,
    shift: press.startsWith('S+'),
    ctrl: press.startsWith('C+'),
  };
}

function click(id: string, modifier?: 'shift' | 'ctrl') {
  return { kind: 'click' as const, id, shift: modifier === 'shift', ctrl: modifier === 'ctrl' };
}

function chosen(selection: Selection): string[] {
  return [...selection.selected].sort();
}
