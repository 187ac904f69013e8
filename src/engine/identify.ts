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

const virtualMachines = ['Docker Desktop', 'OrbStack', 'Colima', 'Rancher Desktop', 'Lima'];

export const isPodman = ({ BuildahVersion }: EngineInfo): boolean => BuildahVersion !== undefined;

/** What the engine says of itself, as far as the choice of a strategy needs it. */
export const readEngineFacts = (info: EngineInfo, endpoint: string): EngineFacts => {
  const podman = isPodman(info);
  return {
    name: podman ? 'Podman' : 'Docker',
    version: info.ServerVersion ?? 'unknown',
    rootless: info.Rootless === true || (info.SecurityOptions?.some((entry) => entry.includes('rootless')) ?? false),
    remote: isRemote(endpoint),
    vm: virtualMachines.find(
      (name) =>
        info.OperatingSystem?.toLowerCase().includes(name.toLowerCase()) === true ||
        info.Name?.toLowerCase() === name.toLowerCase(),
    ),
    // Podman's netavark makes a bridge with the first container that runs on it, and takes it with the last.
    bridgeStands: podman ? 'while used' : 'always',
    // It does not say which; its own tables are nft's.
    firewallBackend: info.FirewallBackend?.Driver ?? undefined,
    endpoint,
  };
};

const isRemote = (endpoint: string): boolean =>
  /^(tcp|https?|ssh):\/\/(?!(localhost|127(\.\d+){3}|\[::1\])(:|\/|$))/.test(endpoint);
