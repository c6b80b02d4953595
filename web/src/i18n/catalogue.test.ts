import { expect, test } from 'vitest';
import { catalogue, complaints, sourcesOfPanel } from '../../scripts/catalogue.mjs';

test('both catalogues have the same texts, in order, and each text is used', () => {
  expect(complaints(catalogue('ru'), catalogue('en'), sourcesOfPanel())).toEqual([]);
});

test('a missing, an unused and a differently filled text are each found', () => {
  const ru = { a: 'А {name}', b: 'Б', c: 'В' };
  const en = { a: 'A', c: 'C', d: 'D' };

  expect(complaints(ru, en, `t('a'); t('b')`)).toEqual([
    'a has other placeholders in en.json than in ru.json',
    'b is missing in en.json',
    'c is used nowhere',
    'd is missing in ru.json',
  ]);
});

test('a text counts as used through the beginning of a template', () => {
  const ru = { 'menu.calls': 'Звонки' };

  expect(complaints(ru, ru, template('menu'))).toEqual([]);
  expect(complaints(ru, ru, template('other'))).toEqual(['menu.calls is used nowhere']);
});

const template = (start: string) => ['t(`', start, '.$', '{code}`)'].join('');
