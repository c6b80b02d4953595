import { expect, test } from 'vitest';
import type { GridColumn } from './columns';
import { found, sorted } from './LocalScreen';

interface Phone {
  readonly number: string;
  readonly name: string;
}

const COLUMNS: readonly GridColumn<Phone>[] = [
  { id: 'number', label: 'menu.calls', text: (it) => it.number, width: 80, sortField: 'number' },
  { id: 'name', label: 'menu.im', text: (it) => it.name, width: 80, sortField: 'name' },
];
const ROWS: readonly Phone[] = [
  { number: '1000', name: 'Иванова Анна' },
  { number: '999', name: 'Петров' },
  { number: '2000', name: 'Петров' },
];

test('each word of a search must stand somewhere in the row', () => {
  expect(numbers(found(ROWS, 'анна ИВАН', COLUMNS))).toEqual(['1000']);
  expect(numbers(found(ROWS, 'петров 20', COLUMNS))).toEqual(['2000']);
  expect(numbers(found(ROWS, '  ', COLUMNS))).toEqual(['1000', '999', '2000']);
});

test('numbers are compared by value, a second key decides between equals', () => {
  expect(numbers(sorted(ROWS, { sort: [key('number')] }, COLUMNS))).toEqual([
    '999',
    '1000',
    '2000',
  ]);
  expect(numbers(sorted(ROWS, { sort: [key('name'), key('number', true)] }, COLUMNS))).toEqual([
    '1000',
    '2000',
    '999',
  ]);
  expect(sorted(ROWS, { sort: [] }, COLUMNS)).toBe(ROWS);
});

const numbers = (rows: readonly Phone[]) => rows.map((it) => it.number);

const key = (field: string, descending = false) => ({ field, descending });
