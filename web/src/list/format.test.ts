import { expect, test } from 'vitest';
import { moment, party } from './format';

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
