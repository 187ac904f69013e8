import type { EngineFacts } from './facts.ts';

/*
 * The one place that tells kinds of engine apart. What an engine is called and what it does are facts from here on, and nobody else asks
 * for its name.
 */

/** The part of an engine's answer to /info that tells what it is. */
export interface EngineInfo {
  readonly ID?: string;
  readonly DockerRootDir?: string;
  readonly Name?: string;
  readonly ServerVersion?: string;
  readonly OperatingSystem?: string;
  readonly SecurityOptions?: readonly string[] | null;
  readonly FirewallBackend?: { readonly Driver?: string } | null;
  /** Podman's alone: it builds images by Buildah. */
  readonly BuildahVersion?: string;
  readonly Rootless?: boolean;
}

interface VirtualMachine {
  readonly name: string;
  /** Said by the engine as its operating system or as its host's name. */
  readonly says: RegExp;
  /** Where its socket is, as users' contexts and DOCKER_HOST name it. */
  readonly listensAt: RegExp;
  readonly reachesLoopbackBy: NonNullable<EngineFacts['reachesLoopbackBy']>;
}

/**
 * Products that run an engine in a virtual machine and lead its `host.docker.internal` to the loopback of the machine they run on. In
 * those that are built on Lima, and in Podman's, `host-gateway` would be the virtual machine itself. Those inside others come first.
 */
const virtualMachines: readonly VirtualMachine[] = [
  {
    name: 'Docker Desktop',
    says: /^docker desktop\b|^docker-desktop$/i,
    listensAt: /\/\.docker\/(?:desktop|run)\/docker\.sock$|dockerDesktopLinuxEngine$/,
    reachesLoopbackBy: 'host-gateway',
  },
  { name: 'OrbStack', says: /^orbstack$/i, listensAt: /\/\.orbstack\//, reachesLoopbackBy: 'its own name' },
  {
    name: 'Rancher Desktop',
    says: /^rancher desktop\b|^(?:lima-)?rancher-desktop$/i,
    listensAt: /\/\.rd\/docker\.sock$/,
    reachesLoopbackBy: 'its own name',
  },
  {
    name: 'Colima',
    says: /^colima$/i,
    listensAt: /\/\.?colima\/[^/]+\/docker\.sock$/,
    reachesLoopbackBy: 'its own name',
  },
  { name: 'Lima', says: /^lima$/i, listensAt: /\/\.lima\/[^/]+\/sock\//, reachesLoopbackBy: 'its own name' },
  {
    name: 'podman machine',
    says: /^podman-machine/i,
    listensAt: /podman-machine-[^/]*$|\/podman\/machine\//,
    reachesLoopbackBy: 'its own name',
  },
];

export const isPodman = ({ BuildahVersion }: EngineInfo): boolean => BuildahVersion !== undefined;

/** What the engine says of itself, as far as the choice of a strategy needs it. */
export const readEngineFacts = (info: EngineInfo, endpoint: string): EngineFacts => {
  const podman = isPodman(info);
  const { OperatingSystem: system = '', Name: host = '' } = info;
  const vm = virtualMachines.find(
    ({ says, listensAt }) => says.test(system) || says.test(host) || listensAt.test(endpoint),
  );
  return {
    name: podman ? 'Podman' : 'Docker',
    version: info.ServerVersion ?? 'unknown',
    rootless: info.Rootless === true || (info.SecurityOptions?.some((entry) => entry.includes('rootless')) ?? false),
    remote: isRemote(endpoint),
    vm: vm?.name,
    reachesLoopbackBy: vm?.reachesLoopbackBy,
    // Podman's netavark makes a bridge with the first container that runs on it, and takes it with the last.
    bridgeStands: podman ? 'while used' : 'always',
    // Podman removes no container, by force either, that another one names as its network.
    joinsNetworkBy: podman ? 'path' : 'id',
    // It does not say which; its own tables are nft's.
    firewallBackend: info.FirewallBackend?.Driver ?? undefined,
    endpoint,
  };
};

export const isRemote = (endpoint: string): boolean =>
  /^(tcp|https?|ssh):\/\/(?!(localhost|127(\.\d+){3}|\[::1\])(:|\/|$))/.test(endpoint);
