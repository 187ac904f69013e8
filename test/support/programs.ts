import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execHere, type Spawn, spawnHere } from './run.ts';

/** Shell scripts in the place of programs, removed when the scope is left. */
export interface Programs extends AsyncDisposable {
  readonly folder: string;
  /** Starts a command to which they are the system's own; to nobody else anything has changed. */
  readonly spawn: Spawn;
}

// In mounts of its own: the folder over /usr/sbin, where a program of the system is looked for first.
const overSystem =
  'mount --bind /usr/sbin "$0/real" && mount -t overlay -o "lowerdir=$0/bin:$0/real" overlay /usr/sbin && exec "$@"';

/** Puts shell scripts in the place of the system's programs of these names, for a tested process alone; `$REAL` is the real one. */
export const openPrograms = async (programs: Readonly<Record<string, string>>): Promise<Programs> => {
  const folder = await mkdtemp(join(tmpdir(), 'lhf-programs-'));
  await mkdir(join(folder, 'bin'));
  await mkdir(join(folder, 'real'));
  for (const [name, text] of Object.entries(programs)) {
    const file = join(folder, 'bin', name);
    const { stdout } = await execHere(['sh', '-c', 'command -v "$1" || echo /bin/false', 'which', name]);
    const real = stdout.trim().replace(/^(?:\/usr)?\/sbin\//, `${folder}/real/`);
    await writeFile(file, `#!/bin/sh\nREAL=${real}\n${text}\n`);
    await chmod(file, 0o755);
  }
  return {
    folder: join(folder, 'bin'),
    spawn: (argv, options) => spawnHere(['unshare', '--mount', 'sh', '-c', overSystem, folder, ...argv], options),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
};

/** A script that fails with these words where it is called with this first argument. */
export const refuse = (argument: string, words: string): string =>
  `if [ "$1" = ${argument} ]; then echo "${words}" >&2; exit 1; fi; exec "$REAL" "$@"`;
