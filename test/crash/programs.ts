import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execHere } from '../support/run.ts';

/** A PATH with shell scripts in front of the programs of these names, for a tested process alone; `$REAL` is the real one. */
export const openPath = async (
  programs: Readonly<Record<string, string>>,
): Promise<{ value: string } & AsyncDisposable> => {
  const folder = await mkdtemp(join(tmpdir(), 'lhf-programs-'));
  for (const [name, text] of Object.entries(programs)) {
    const file = join(folder, name);
    const { stdout } = await execHere(['sh', '-c', 'command -v "$1" || echo /bin/false', 'which', name]);
    await writeFile(file, `#!/bin/sh\nREAL=${stdout.trim()}\n${text}\n`);
    await chmod(file, 0o755);
  }
  return {
    value: `${folder}:${process.env['PATH'] ?? ''}`,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
};

/** A script that fails with these words where it is called with this first argument. */
export const refuse = (argument: string, words: string): string =>
  `if [ "$1" = ${argument} ]; then echo "${words}" >&2; exit 1; fi; exec "$REAL" "$@"`;
