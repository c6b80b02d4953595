import { expect, test } from 'vitest';
import { begun, type Drafts, fileName, isOvertaken, rebased, typed, without } from './drafts';
import { compared, spanOf, widthOf } from './lines';

const NONE: Drafts = new Map();
const FILE = { name: 'demo.toml', text: 'a', version: 'v1' };
const NEWER = { ...FILE, text: 'b', version: 'v2' };

test('what is typed is a draft until it is the file again', () => {
  const drafts = typed(NONE, FILE.name, 'ab', FILE);

  expect(drafts.get(FILE.name)).toEqual({ text: 'ab', base: FILE });
  expect(typed(drafts, FILE.name, 'a', FILE).has(FILE.name)).toBe(false);
  expect(without(drafts, FILE.name).size).toBe(0);
});

test('a draft keeps what it was made on when the file changes meanwhile', () => {
  const drafts = typed(typed(NONE, FILE.name, 'ab', FILE), FILE.name, 'abc', NEWER);

  expect(drafts.get(FILE.name)?.base?.version).toBe('v1');
  expect(isOvertaken(drafts.get(FILE.name), FILE)).toBe(false);
  expect(isOvertaken(drafts.get(FILE.name), NEWER)).toBe(true);
  const kept = rebased(drafts, NEWER).get(FILE.name);
  expect(kept).toMatchObject({ text: 'abc', base: { version: 'v2' } });
  expect(isOvertaken(kept, NEWER)).toBe(false);
});

test('a new file that somebody else made meanwhile is overtaken', () => {
  const draft = begun(NONE, FILE.name, 'mine').get(FILE.name);

  expect(isOvertaken(draft, undefined)).toBe(false);
  expect(isOvertaken(draft, FILE)).toBe(true);
});

test.each([
  ['night', 'night.toml'],
  [' night_2-x.toml ', 'night_2-x.toml'],
  ['Night', undefined],
  ['../night', undefined],
  ['', undefined],
  ['a'.repeat(65), undefined],
])('%j is the file %j', (name, file) => {
  expect(fileName(name)).toBe(file);
});

test('lines that the other text lacks are marked, wherever they stand', () => {
  const marked = (text: string, other: string) =>
    compared(text, other)
      .filter((it) => it.isOnlyHere)
      .map((it) => it.number);

  expect(marked('a\nb\nc', 'a\nb\nc')).toEqual([]);
  expect(marked('a\nX\nb\nc', 'a\nb\nc')).toEqual([2]);
  expect(marked('a\nb', 'a\nb\nc')).toEqual([]);
  expect(marked('1\n2\n3\n4\n5', '1\n4\n3\n2\n5')).toHaveLength(2);
});

test('a line is found and measured', () => {
  expect(spanOf('ab\nc\n', 2)).toEqual([3, 4]);
  expect(spanOf('ab\nc\n', 3)).toEqual([5, 5]);
  expect(widthOf('\tab', 1, 4)).toBe(6);
  expect(widthOf('a\tb', 1, 4)).toBe(5);
});
