// How large the package is that users install, and that it stays so: `node script/package-size.ts` after `npm run build`.
import { spawnSync } from 'node:child_process';
import { packageBounds as bounds } from './package-bounds.ts';

const { stdout } = spawnSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
  encoding: 'utf8',
  stdio: ['ignore', 'pipe', 'inherit'],
});
const [told] = JSON.parse(stdout) as ({ entryCount: number } & Record<keyof typeof bounds, number>)[];
if (told === undefined) throw new Error('npm pack told nothing');
const render = (bytes: number): string => `${Math.round(bytes / 1000)} kB`;
console.log(
  `package: ${render(told.size)} of ${render(bounds.size)}, unpacked ${render(told.unpackedSize)} of ${render(bounds.unpackedSize)}, ${told.entryCount} files`,
);
if (told.size > bounds.size || told.unpackedSize > bounds.unpackedSize) process.exitCode = 1;
