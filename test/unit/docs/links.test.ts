import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { absolute, relative } from '../../../script/readme-links.ts';

const pages = [
  ...readdirSync('.').filter((name) => name.endsWith('.md')),
  ...readdirSync('docs', { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

const textOf = (path: string): string => readFileSync(path, 'utf8').replace(/^```[^]*?^```$/gm, '');

/** As GitHub makes them of headings; what the reference names itself counts as well. */
const anchorsOf = (path: string): Set<string> => {
  const seen = new Map<string, number>();
  const text = textOf(path);
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => {
    const slug = heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-');
    const before = seen.get(slug) ?? 0;
    seen.set(slug, before + 1);
    return before === 0 ? slug : `${slug}-${before}`;
  });
  return new Set([...headings, ...[...text.matchAll(/<a id="([^"]+)"/g)].map(([, id = '']) => id)]);
};

const linksOf = (text: string): string[] =>
  [...text.matchAll(/\]\(([^)\s]+)\)|(?:src|srcset|href)="([^"]+)"/g)]
    .map(([, inline, attribute]) => inline ?? attribute ?? '')
    .filter((target) => !/^[a-z]+:/.test(target));

test.each(pages)('%s: its links within the repository lead somewhere', (page) => {
  const broken = linksOf(textOf(page)).filter((target) => {
    const [path = '', anchor] = target.split('#');
    const file = path === '' ? page : join(dirname(page), path);
    return !existsSync(file) || (anchor !== undefined && file.endsWith('.md') && !anchorsOf(file).has(anchor));
  });
  expect(broken).toEqual([]);
});

test('the README that is packed has no link into a repository that is not there, and is itself again afterwards', () => {
  const readme = readFileSync('README.md', 'utf8');
  expect(linksOf(readme).filter((target) => !target.startsWith('#')).length).toBeGreaterThan(20);
  expect(linksOf(absolute(readme)).filter((target) => !target.startsWith('#'))).toEqual([]);
  expect(relative(absolute(readme))).toBe(readme);
});
