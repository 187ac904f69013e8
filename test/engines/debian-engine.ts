import { closeSync, openSync } from 'node:fs';
import { chmod, chown, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { openNamespaces } from '../support/namespaces.ts';
import { environmentIn, type Place, socketPathIn } from '../support/place.ts';
import { execHere, execWith, exitOf, outputOf, type Spawn } from '../support/run.ts';
import { removeCgroups } from '../support/cgroups.ts';
import { answers } from '../support/engine-daemon.ts';
import { until } from '../support/until.ts';
import { engineNamed, ordinaryUser, type EngineName } from './engines.ts';

/** An engine of another Debian release, in a network of its own, whose "host" is this machine's files. */
export interface DebianEngine extends Place, AsyncDisposable {}

/** Starts one, and builds its Debian where that is not there yet: from packages alone. Needs root. */
export const startDebianEngine = async (name: EngineName): Promise<DebianEngine> => {
  const { start, isRootless = false } = engineNamed(name);
  const root = await buildRoot(name);
  const directory = await mkdtemp(join(tmpdir(), 'lhf-debian-'));
  // Users of --userns-remap come by it; a rootless engine makes its socket there.
  await chmod(directory, 0o755);
  if (isRootless) await chown(directory, ordinaryUser, ordinaryUser);
  const namespaces = await openNamespaces(directory);
  const home = join(directory, 'private/user');
  const env = {
    ...environmentIn(directory),
    ...(isRootless && { HOME: join(home, 'home'), XDG_RUNTIME_DIR: join(home, 'xdg') }),
  };
  const spawnAsRoot: Spawn = (argv, given = {}) => namespaces.spawn(argv, { ...given, env: { ...env, ...given.env } });
  const spawn: Spawn = (argv, given) => spawnAsRoot([...(isRootless ? asOrdinaryUser : []), ...argv], given);
  const close = async (): Promise<void> => {
    await namespaces.close();
    await removeCgroups(`lhf-${name}`);
    // Podman's own, which another one may have things in.
    await removeCgroups('libpod_parent').catch(() => undefined);
    await rm(directory, { recursive: true, force: true });
  };
  await replaceNft(spawnAsRoot, directory, root);
  const socketPath = socketPathIn(directory);
  const log = openSync(join(directory, 'engine.log'), 'a');
  // The daemon has the root for itself; the folders that containers mount from, sockets in /tmp too, are at the same paths for it.
  const shared = [...new Set([tmpdir(), process.cwd(), dirname(process.execPath)])];
  const daemon = spawnAsRoot(
    [
      'unshare',
      '--mount',
      '--propagation',
      'private',
      'sh',
      '-c',
      enterRoot(start),
      'engine',
      socketPath,
      `lhf-${name}`,
      home,
      root,
      ...shared,
    ],
    { detached: true, stdio: ['ignore', log, log] },
  );
  closeSync(log);
  let isOver = false;
  void exitOf(daemon).then(() => (isOver = true));
  try {
    await until(async () => isOver || (await answers(socketPath)), { timeoutMs: 60_000, what: name });
    if (isOver)
      throw new Error(`${name} ended:\n${(await readFile(join(directory, 'engine.log'), 'utf8')).slice(-2_000)}`);
  } catch (error) {
    await close();
    throw error;
  }
  return { directory, socketPath, env, spawn, exec: execWith(spawn), [Symbol.asyncDispose]: close };
};

/**
 * nft as the engine's Debian has it, for this machine's files as well: one host has one, and 1.0.6 dies of listing what 1.1 wrote, by a
 * container with the engine's programs.
 */
const replaceNft = async (spawn: Spawn, directory: string, root: string): Promise<void> => {
  const folder = join(directory, 'programs');
  await mkdir(folder);
  const libraries = ['lib', 'usr/lib'].map((place) => join(root, place, 'x86_64-linux-gnu')).join(':');
  const nft = `exec ${root}/lib64/ld-linux-x86-64.so.2 --library-path ${libraries} ${root}/usr/sbin/nft "$@"`;
  await writeFile(join(folder, 'nft'), `#!/bin/sh\n${nft}\n`, { mode: 0o755 });
  await outputOf(execWith(spawn), [
    'mount',
    '-t',
    'overlay',
    '-o',
    `lowerdir=${folder}:/usr/sbin`,
    'overlay',
    '/usr/sbin',
  ]);
};

const asOrdinaryUser = ['setpriv', `--reuid=${ordinaryUser}`, `--regid=${ordinaryUser}`, '--clear-groups', '--'];

const enterRoot = (start: string): string => `
set -e
socket=$1 cgroup=$2 home=$3 root=$4
shift 4
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/var/lib/docker"
mount -t tmpfs tmpfs "$root/var/lib/containers"
# Podman has its networks there, and another engine of this root would list them as its own.
mkdir -p "$root/etc/containers/networks"
mount -t tmpfs tmpfs "$root/etc/containers/networks"
for folder in "$@"; do mkdir -p "$root$folder"; mount --rbind "$folder" "$root$folder"; done
echo 0 > /proc/sys/net/ipv4/ip_forward
cd "$root"
pivot_root . mnt
cd /
umount -l /mnt
mount --make-rshared /
mkdir -p "$home"
set -- "$socket" "$cgroup" "$home"
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root DOCKER_RAMDISK=true
${start}
`;

/** The folder where the Debians are kept. */
const roots = resolve(process.env['LHF_ENGINES'] ?? '.tools/engines');

export const buildRoot = async (name: EngineName): Promise<string> => {
  const { suite, packages, hasExperimental = false } = engineNamed(name);
  const root = join(roots, `${suite}-${packages[0]?.replace('/', '-')}`);
  const done = join(root, '.built');
  // What it was built of: a list that has changed since is another Debian.
  const contents = packages.join(' ');
  if ((await readFile(done, 'utf8').catch(() => '')) === contents) return root;
  await rm(root, { recursive: true, force: true, maxRetries: 0 });
  await mkdir(roots, { recursive: true });
  const mirror = (
    await outputOf(execHere, ['apt-get', 'indextargets', '--format', '$(REPO_URI)', 'Created-By: Packages'])
  )
    .split('\n')
    .findLast((uri) => uri.includes('/debian/'));
  if (mirror === undefined) throw new Error('apt has no Debian archive: Try: a Debian machine');
  const options = [
    'APT::Install-Recommends "false"',
    'Acquire::Check-Valid-Until "false"',
    'Acquire::Check-Date "false"',
  ];
  await outputOf(
    execHere,
    [
      'mmdebstrap',
      '--quiet',
      '--variant=minbase',
      '--mode=root',
      `--include=${packages.join(',')}`,
      ...options.map((option) => `--aptopt=${option}`),
      suite,
      root,
      ...[suite, ...(hasExperimental ? ['experimental'] : [])].map((one) => `deb ${mirror} ${one} main`),
    ],
    { timeoutMs: 600_000 },
  );
  for (const folder of ['var/lib/docker', 'var/lib/containers']) await mkdir(join(root, folder), { recursive: true });
  // Whom --userns-remap stands for.
  for (const [file, line] of [
    ['passwd', `lab:x:${ordinaryUser}:${ordinaryUser}::/nonexistent:/usr/sbin/nologin`],
    ['group', `lab:x:${ordinaryUser}:`],
    ['subuid', 'lab:500000:65536'],
    ['subgid', 'lab:500000:65536'],
  ] as const)
    await writeFile(join(root, 'etc', file), `${line}\n`, { flag: 'a' });
  await mkdir(join(root, 'etc/containers/containers.conf.d'), { recursive: true });
  await writeFile(
    join(root, 'etc/containers/containers.conf.d/lab.conf'),
    '[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\nruntime = "crun"\n',
  );
  await writeFile(done, contents);
  return root;
};
