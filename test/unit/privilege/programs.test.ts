import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { renderSudoers, rootPrograms } from '../../../src/privilege/programs.ts';
import { projectRoot } from '../../support/children.ts';

test('the shell programs run those programs as root, and no others', () => {
  const folder = `${projectRoot}src/programs/`;
  const texts = readdirSync(folder)
    .filter((name) => name.endsWith('.sh'))
    .map((name) => readFileSync(folder + name, 'utf8'));
  const run = texts.flatMap((text) =>
    Array.from(text.matchAll(/^[^#\n]*\blhf_as_root ([\w-]+)/gm), ([, name]) => name),
  );
  expect(run.length).toBeGreaterThan(5);
  expect(run.filter((name) => !(rootPrograms as readonly unknown[]).includes(name))).toEqual([]);
  // Nor by any other way.
  expect(texts.join('').match(/\$\{?SUDO[^\n]*/g)).toEqual([
    '$SUDO, which may be empty or `sudo -n`. It is found along our own PATH: sudo would look along its `secure_path`,',
    '${SUDO-} "$lhf_program" "$@"',
    '$SUDO" ]; then echo 0 > "$folder/route_localnet"; else SHUT="$SHUT $folder/route_localnet"; fi',
  ]);
});

test('docs/sudoers.md has the lines that give those rights, and names each program', () => {
  const page = readFileSync(`${projectRoot}docs/sudoers.md`, 'utf8');
  const lines = renderSudoers('ci', (program) => (program === 'tee' ? '/usr/bin/tee' : `/usr/sbin/${program}`));
  expect(page).toContain(`\n\`\`\`sudoers\n${lines}\`\`\`\n`);
  for (const name of ['SECURITY.md', 'ARCHITECTURE.md']) {
    const text = readFileSync(`${projectRoot}${name}`, 'utf8');
    expect(text).toContain(rootPrograms.map((program) => `\`${program}\``).join(', '));
  }
});

test('a program that is not there has no line', () => {
  expect(renderSudoers('ci', () => undefined)).toBe('Defaults:ci !requiretty\n');
});
