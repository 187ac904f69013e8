import type { Privilege, Strategy } from '../../src/index.ts';

/** One engine, from Debian's packages, and what `auto` is to take there. */
export interface EngineOfDebian {
  readonly suite: string;
  /** Whether packages named `name/experimental` come from there. */
  readonly hasExperimental?: true;
  readonly packages: readonly string[];
  /** What starts it in a Debian of its own: `$1` is the socket, `$2` a cgroup, `$3` a folder of the user's. */
  readonly start: string;
  /** Whether an ordinary user starts it, and runs the tests. Default: root does. */
  readonly isRootless?: true;
  readonly auto: { readonly strategy: Strategy; readonly privilege: Privilege };
  /** Strategies that `auto` does not take there whatever else fails, each with the reason that is to be told. */
  readonly refused: Readonly<Partial<Record<Strategy, RegExp>>>;
  /** Those among them that work where they are asked for. */
  readonly worksIfAsked?: readonly Strategy[];
}

/** The ordinary user: in passwd of the Debians only, as one of a directory service may be. */
export const ordinaryUser = 4242;

const rootless = ['rootlesskit', 'slirp4netns', 'uidmap'];
const docker = ['docker.io', 'iptables', 'nftables', 'iproute2', 'procps', ...rootless];
const parts = ['netavark', 'aardvark-dns', 'crun', 'conmon', 'catatonit'];
const podman = ['podman', ...parts, 'iptables', 'nftables', 'iproute2', 'procps', 'uidmap', 'passt'];

const asUser = `
mkdir -p -m 700 $3/home $3/xdg && chown ${ordinaryUser}:${ordinaryUser} $3/home $3/xdg
mknod -m 666 $3/tun c 10 200 && mount --bind $3/tun /dev/net/tun
export HOME=$3/home XDG_RUNTIME_DIR=$3/xdg
exec setpriv --reuid ${ordinaryUser} --regid ${ordinaryUser} --clear-groups`;

const dockerd = 'exec dockerd -H unix://$1 --cgroup-parent /$2';
const rootlessDockerd = (flags = ''): string =>
  `${asUser} env DOCKERD_ROOTLESS_ROOTLESSKIT_FLAGS="--state-dir=$3/xdg/dockerd-rootless ${flags}" \
  /usr/share/docker.io/contrib/dockerd-rootless.sh -H unix://$1`;
// crun takes cgroups of one version only.
const podmanCgroups = 'umount /sys/fs/cgroup/unified 2>/dev/null || :';
// Podman 6 knows version 2 alone.
const unifiedCgroups = 'umount -R /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup';
// Controllers are those of version 1 where this machine has both.
const noLimits = `printf '[containers]\\npids_limit = 0\\n' > /etc/containers/containers.conf.d/limits.conf`;
const podmanService = 'podman system service --time 0 unix://$1';

const newestPodman = {
  suite: 'sid',
  hasExperimental: true,
  packages: [
    ...['podman', 'netavark', 'golang-github-containers-common'].map((name) => `${name}/experimental`),
    ...podman,
  ],
} as const;

const here = /^for engines elsewhere, and this one is not$/;
const onHost = {
  auto: { strategy: 'nftables', privilege: 'root' },
  refused: {
    tunnel: here,
    native: /^this engine runs on the host itself, where no name of its own leads to 127\.0\.0\.1$/,
  },
  worksIfAsked: ['tunnel'],
} as const;

const apart = /^a rootless engine has its bridges in a network namespace of its own$/;
const ofUser = {
  isRootless: true,
  auto: { strategy: 'sidecar', privilege: 'none' },
  refused: {
    nftables: apart,
    iptables: apart,
    relay: apart,
    tunnel: here,
    native: /^a rootless engine does not say whether its host-gateway leads to 127\.0\.0\.1$/,
  },
  worksIfAsked: ['tunnel'],
} as const;

/** Engines that Debian has. */
export const engines = {
  docker20: { suite: 'bookworm', packages: docker, start: dockerd, ...onHost },
  'docker20-plain': {
    suite: 'bookworm',
    packages: docker,
    start: `${dockerd} --iptables=false --userns-remap=lab`,
    ...onHost,
  },
  'docker20-rootless': { suite: 'bookworm', packages: docker, start: rootlessDockerd(), ...ofUser },
  'docker20-rootless-loopback': {
    suite: 'bookworm',
    packages: docker,
    // slirp4netns leads this address to the loopback of its host, where ports of ours stand for others of the same number.
    start: `echo 0 > /proc/sys/net/ipv4/ip_unprivileged_port_start; ${rootlessDockerd('--disable-host-loopback=false')} --host-gateway-ip 10.0.2.2`,
    ...ofUser,
    worksIfAsked: ['tunnel', 'native'],
  },
  docker26: { suite: 'trixie', packages: docker, start: dockerd, ...onHost },
  'docker26-rootless': { suite: 'trixie', packages: docker, start: rootlessDockerd(), ...ofUser },
  docker28: { suite: 'sid', packages: docker, start: dockerd, ...onHost },
  // Images are containerd's, as Docker 29 and desktops have it where nothing else was there before.
  'docker28-containerd': {
    suite: 'sid',
    packages: docker,
    start: `${dockerd} --feature containerd-snapshotter=true --storage-driver native`,
    ...onHost,
  },
  podman5: { suite: 'trixie', packages: podman, start: `${podmanCgroups}; exec ${podmanService}`, ...onHost },
  'podman5-rootless': {
    suite: 'trixie',
    packages: podman,
    start: `${podmanCgroups}; ${asUser} ${podmanService}`,
    ...ofUser,
  },
  'podman5-newest': { suite: 'sid', packages: podman, start: `${podmanCgroups}; exec ${podmanService}`, ...onHost },
  podman6: { ...newestPodman, start: `${unifiedCgroups}; ${noLimits}; exec ${podmanService}`, ...onHost },
  'podman6-rootless': {
    ...newestPodman,
    start: `${unifiedCgroups}; ${noLimits}; ${asUser} ${podmanService}`,
    ...ofUser,
  },
} as const satisfies Record<string, EngineOfDebian>;

export type EngineName = keyof typeof engines;

export const engineNamed = (name: EngineName): EngineOfDebian => engines[name];
