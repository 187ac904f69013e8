import { chmod, mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requirePlace } from '../support/place.ts';
import { execHere, outputOf } from '../support/run.ts';

const sudo = `#!/bin/sh
[ "$1" = -n ] || { echo "sudo: asked for a password" >&2; exit 1; }
shift
exec "$@"
`;

/**
 * A sudo for machines that have none, over /usr/sbin in this private place alone: the tests of one project share it. That each rule goes
 * through it, and none past it, is shown where the programs themselves refuse to be called otherwise.
 */
const setup = async (): Promise<() => Promise<void>> => {
  requirePlace();
  // Where the engine is an ordinary user's, no strategy that works uses rights.
  if (process.getuid?.() !== 0) return async () => undefined;
  const folder = await mkdtemp(join(tmpdir(), 'lhf-sudo-'));
  await mkdir(join(folder, 'bin'));
  await writeFile(join(folder, 'bin/sudo'), sudo);
  await chmod(join(folder, 'bin/sudo'), 0o755);
  await outputOf(execHere, [
    'mount',
    '-t',
    'overlay',
    '-o',
    `lowerdir=${folder}/bin:/usr/sbin`,
    'overlay',
    '/usr/sbin',
  ]);
  return async () => {
    await outputOf(execHere, ['umount', '--lazy', '/usr/sbin']);
    await rm(folder, { recursive: true });
  };
};

export default setup;
