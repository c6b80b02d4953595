// Checks the catalogues: both have the same texts, with the same placeholders, and each is used.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = new URL('../', import.meta.url).pathname;
/** @param {string} path */
const read = (path) => readFileSync(join(root, path), 'utf8');

/**
 * What is wrong with the catalogues `ru` and `en` for the sources of a panel; nothing is good.
 *
 * @param {Record<string, string>} ru
 * @param {Record<string, string>} en
 * @param {string} sources
 */
export function complaints(ru, en, sources) {
  /** @type {string[]} */
  const wrong = [];
  for (const id of Object.keys(ru)) {
    if (!(id in en)) wrong.push(`${id} is missing in en.json`);
    else if (placeholders(ru[id] ?? '') !== placeholders(en[id] ?? ''))
      wrong.push(`${id} has other placeholders in en.json than in ru.json`);
    if (!isUsed(id, sources)) wrong.push(`${id} is used nowhere`);
  }
  for (const id of Object.keys(en)) if (!(id in ru)) wrong.push(`${id} is missing in ru.json`);
  if ([...Object.keys(ru)].sort().join() !== Object.keys(ru).join())
    wrong.push('ru.json is not in order of id');
  if ([...Object.keys(en)].sort().join() !== Object.keys(en).join())
    wrong.push('en.json is not in order of id');
  return wrong;
}

/** All sources of the panel that may name a text, in one string. */
export function sourcesOfPanel() {
  return filesUnder('src')
    .filter((it) => /\.tsx?$/.test(it) && !it.includes('.test.') && !it.endsWith('.gen.ts'))
    .map(read)
    .join('\n');
}

/**
 * @param {'ru' | 'en'} locale
 * @returns {Record<string, string>}
 */
export const catalogue = (locale) => JSON.parse(read(`src/i18n/${locale}.json`));

/**
 * Named in quotes, or by the beginning of a template such as `menu.${code}`.
 *
 * @param {string} id
 * @param {string} sources
 */
function isUsed(id, sources) {
  if (sources.includes(`'${id}'`) || sources.includes(`"${id}"`)) return true;
  const dots = [...id.matchAll(/[._]/g)].map((it) => it.index + 1);
  return dots.some((end) => sources.includes(`\`${id.slice(0, end)}\${`));
}

/** @param {string} text */
const placeholders = (text) =>
  [...new Set([...text.matchAll(/\{(\w+)/g)].map((it) => it[1]))]
    .filter((it) => it && !['one', 'few', 'many', 'other'].includes(it))
    .sort()
    .join();

/**
 * @param {string} folder
 * @returns {string[]}
 */
function filesUnder(folder) {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((it) => {
    const path = `${folder}/${it.name}`;
    return it.isDirectory() ? filesUnder(path) : [path];
  });
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const wrong = complaints(catalogue('ru'), catalogue('en'), sourcesOfPanel());
  for (const it of wrong) console.error(it);
  process.exit(wrong.length === 0 ? 0 : 1);
}
