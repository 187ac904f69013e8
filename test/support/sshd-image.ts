import { chmod, copyFile, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import type Docker from 'dockerode';
import { execHere, spawnHere } from './run.ts';

/** What script/bootstrap unpacked. */
const unpacked = resolve('.tools/sshd');

export interface SshdImage {
  /** Default: `lhf-test-sshd`. */
  readonly repo?: string;
  /** root's password, as /etc/shadow has it. Default: none is accepted. */
  readonly password?: string;
  /** Further programs of this machine, by their name in `/bin`. */
  readonly programs?: Readonly<Record<string, string>>;
  /** Further files by their path. */
  readonly files?: Readonly<Record<string, string>>;
  /** Dockerfile instructions. */
  readonly changes?: readonly string[];
}

/** An image with an sshd, a shell and this machine's node in it, for engines that cannot mount the host's files. No registry is asked. */
export const importSshdImage = async (docker: Docker, image: SshdImage = {}): Promise<string> => {
  const { repo = 'lhf-test-sshd', password = '*', files = {}, changes = [] } = image;
  const programs = { sh: '/bin/dash', mkdir: '/bin/mkdir', ...image.programs };
  const root = await mkdtemp(join(tmpdir(), 'lhf-image-'));
  try {
    // Folders of that kind are their maker's alone, and this one is to be everybody's root.
    await chmod(root, 0o755);
    const sshd = join(unpacked, 'usr/sbin/sshd');
    await Promise.all(
      ['bin', 'etc', 'tmp', 'run/sshd', 'root', 'usr/sbin', 'usr/local/bin', 'var/empty'].map((folder) =>
        mkdir(join(root, folder), { recursive: true }),
      ),
    );
    for (const [name, path] of Object.entries(programs)) await copyFile(path, join(root, 'bin', name));
    await copyFile(sshd, join(root, 'usr/sbin/sshd'));
    await copyFile(process.execPath, join(root, 'usr/local/bin/node'));
    // A library that this machine lacks was unpacked with it.
    const { stdout } = await execHere(['ldd', sshd, process.execPath, ...Object.values(programs)], {
      env: { LD_LIBRARY_PATH: join(unpacked, 'usr/lib/x86_64-linux-gnu') },
    });
    const libraries = [...new Set([...stdout.matchAll(/(\/\S+) \(0x/g)].map(([, path = '']) => path))];
    for (const library of libraries) {
      const target = join(root, library.replace(unpacked, ''));
      await mkdir(dirname(target), { recursive: true });
      await cp(library, target, { dereference: true });
    }
    await writeFile(join(root, 'etc/passwd'), 'root:x:0:0::/root:/bin/sh\nsshd:x:100:65534::/run/sshd:/bin/sh\n');
    await writeFile(join(root, 'etc/group'), 'root:x:0:\nnogroup:x:65534:\n');
    await writeFile(join(root, 'etc/shadow'), `root:${password}:19000::::::\nsshd:*:19000::::::\n`);
    for (const [path, text] of Object.entries(files)) await writeFile(join(root, path), text, { mode: 0o600 });
    const tar = spawnHere(['tar', '-C', root, '-c', '.'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const imported = await docker.importImage(tar.stdout as Readable, {
      repo,
      tag: 'local',
      // An engine refuses an empty one.
      ...(changes.length > 0 && { ...(changes.length > 0 && { changes: changes.join('\n') }) }),
    });
    await new Promise<void>((done, fail) => imported.on('end', done).on('error', fail).resume());
    return `${repo}:local`;
  } finally {
    await rm(root, { recursive: true, force: true });
  }
};
