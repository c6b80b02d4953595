import { expect, test } from 'vitest';
import { duration, moment, party } from './format';

test.each([
  [0, '00:00'],
  [30_000, '00:30'],
  [59_600, '01:00'],
  [3_599_000, '59:59'],
  [3_600_000, '1:00:00'],
  [86_399_000, '23:59:59'],
  [-5, '00:00'],
  [null, '00:00'],
  [undefined, '00:00'],
  [Number.NaN, '00:00'],
])('%s ms are %s', (ms, text) => {
  expect(duration(ms)).toBe(text);
});

test('a side has a name, a number, both, or is unknown', () => {
  expect(party({ number: '1001', name: 'Иванова' }, 'Неизвестно')).toBe('Иванова (1001)');
  expect(party({ number: '1001', name: null }, 'Неизвестно')).toBe('1001');
  expect(party({ number: '1001', name: '1001' }, 'Неизвестно')).toBe('1001');
  expect(party({ number: '', name: 'Иванова' }, 'Неизвестно')).toBe('Иванова');
  expect(party({ number: ' ', name: '' }, 'Неизвестно')).toBe('Неизвестно');
  expect(party(undefined, 'Неизвестно')).toBe('Неизвестно');
});

test('a name that turns the direction of writing leaves the number alone', () => {
  expect(party({ number: '1001', name: '\u202eнавИ' }, '?')).toBe('\u2068\u202eнавИ\u2069 (1001)');
});

test('a moment that is not known leaves no trace of itself', () => {
  expect(moment(null, 'ru')).toBe('');
  expect(moment('soon', 'ru')).toBe('');
  expect(moment('2025-11-24T09:05:07Z', 'ru')).toMatch(/^24\.11\.2025/);
});
