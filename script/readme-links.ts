// What npm packs is read where the repository's other pages are not: `node script/readme-links.ts absolute` before packing makes the README's
// links whole, `relative` after it makes them as they were.
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import manifest from '../package.json' with { type: 'json' };

const home = manifest.homepage.replace('#readme', '');
const page = `${home}/blob/main/`;
const picture = `${home.replace('//github.com/', '//raw.githubusercontent.com/')}/main/`;

/** The text with no link that is relative to the repository. */
export const absolute = (text: string): string =>
  text.replaceAll(/(!?)(\[[^\]]*\]\()(?![a-z]+:|#)/g, (_, sign: string, start: string) =>
    [sign, start, sign === '!' ? picture : page].join(''),
  );

/** The text as it was before {@link absolute}. */
export const relative = (text: string): string => text.replaceAll(`](${picture}`, '](').replaceAll(`](${page}`, '](');

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const change = { absolute, relative }[process.argv[2] ?? ''];
  if (change === undefined) throw new Error('absolute, or relative?');
  await writeFile('README.md', change(await readFile('README.md', 'utf8')));
}
