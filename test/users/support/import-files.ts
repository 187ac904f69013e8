import { globSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import type Docker from 'dockerode';
import { execHere, outputOf, spawnHere } from '../../support/run.ts';

export interface ImageOfFiles {
  /** Where `script/bootstrap tests` unpacked packages: what is there has this place in the image, and the rest is this machine's. */
  readonly unpacked?: string;
  /** Programs by their paths; the libraries that they are linked to come along. */
  readonly programs: readonly string[];
  /** Further files and folders among those unpacked. */
  readonly beside?: readonly string[];
  /** Folders that are to be there, for anybody to write. */
  readonly folders?: readonly string[];
  /** Files with their text, which may be run. */
  readonly texts?: Readonly<Record<string, string>>;
  /** Dockerfile instructions. */
  readonly changes?: readonly string[];
}

/** Makes sure that the engine has an image of this machine's own files: no registry is asked. */
export const importFiles = async (docker: Docker, name: string, image: ImageOfFiles): Promise<string> => {
  const known = await docker.listImages({ filters: { reference: [name] } });
  if (known.length > 0) return name;
  const { programs, beside = [], folders = [], texts = {}, changes = [] } = image;
  const unpacked = image.unpacked === undefined ? '/' : resolve(image.unpacked);
  const written = await mkdtemp(join(tmpdir(), 'lhf-test-image-'));
  try {
    await chmod(written, 0o755);
    for (const folder of folders) await makeFolder(join(written, folder));
    for (const [path, text] of Object.entries(texts)) {
      await mkdir(dirname(join(written, path)), { recursive: true });
      await writeFile(join(written, path), text, { mode: 0o755 });
    }
    const files = [...programs, ...(await librariesOf(unpacked, programs))];
    const ofPackages = files.filter((path) => path.startsWith(unpacked)).map((path) => path.slice(unpacked.length));
    const ofMachine = files.filter((path) => !path.startsWith(unpacked));
    const parts = [
      ['-C', written, '.'],
      ['-C', unpacked, ...[...ofPackages, ...beside].map(relative)],
      ofMachine.length > 0 ? ['-C', '/', ...ofMachine.map(relative)] : [],
    ];
    const tar = spawnHere(['tar', '--dereference', '-c', ...parts.flat()], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [repo = '', tag = ''] = name.split(':');
    const given = changes.length > 0 ? { changes: changes.join('\n') } : {};
    const imported = await docker.importImage(tar.stdout as Readable, { repo, tag, ...given });
    await new Promise<void>((done, fail) => imported.on('end', done).on('error', fail).resume());
    return name;
  } finally {
    await rm(written, { recursive: true, force: true });
  }
};

const makeFolder = async (folder: string): Promise<void> => {
  await mkdir(folder, { recursive: true });
  await chmod(folder, 0o1777);
};

/** A library that this machine lacks was unpacked with the program. */
const librariesOf = async (unpacked: string, programs: readonly string[]): Promise<string[]> => {
  const places = globSync('usr/lib/*-linux-gnu{,/pulseaudio}', { cwd: unpacked }).map((path) => join(unpacked, path));
  const linked = await outputOf(execHere, ['ldd', ...programs], { env: { LD_LIBRARY_PATH: places.join(':') } });
  if (linked.includes('not found')) throw new Error(`A program lacks a library:\n${linked}`);
  return [...new Set([...linked.matchAll(/(\/\S+) \(0x/g)].map(([, path = '']) => path))];
};

const relative = (path: string): string => path.replace(/^\/*/, '');
