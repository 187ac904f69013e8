import { LocalhostForwardError } from '../errors.ts';
import { strategyNames, type Privilege, type Strategy, type StrategyReason } from '../types.ts';

/** What this machine is and has, as far as the choice needs it. */
export interface HostFacts {
  readonly platform: NodeJS.Platform;
  readonly uid: number;
  /** Whether `sudo -n` works. */
  readonly sudo: boolean;
  /** For example `6.1.0`. */
  readonly kernel: string;
  readonly nft: { readonly version: string } | undefined;
  readonly iptables: { readonly version: string; readonly variant: 'nf_tables' | 'legacy' | 'unknown' } | undefined;
  /** Whether this process has CAP_NET_ADMIN, which root in a container may lack. */
  readonly netAdmin: boolean;
}

export interface EngineFacts {
  readonly name: string;
  readonly version: string;
  readonly rootless: boolean;
  readonly remote: boolean;
  /** The product that runs the engine in a virtual machine, if one does. */
  readonly vm: string | undefined;
  readonly firewallBackend: string | undefined;
  readonly endpoint: string;
}

export interface Choice {
  readonly strategy: 'nftables' | 'iptables';
  readonly privilege: 'root' | 'sudo';
  /** Whether this host's nft can hold tables that nobody else may flush: then the guard is in one, whatever the strategy. */
  readonly hasOwnedTables: boolean;
  /** Each strategy with what spoke for or against it. */
  readonly reasons: readonly StrategyReason[];
}

/** Strategies that were tried, each with why it does not work after all. */
export type Failed = ReadonlyMap<Strategy, string>;

interface Facts {
  readonly host: HostFacts;
  readonly engine: EngineFacts;
}

/**
 * The first strategy that works here and has not failed, or the one that was asked for.
 *
 * @throws LHF_ERR_NO_STRATEGY with each reason, or LHF_ERR_PRIVILEGE where only the right to install rules is missing.
 */
export const chooseStrategy = (
  facts: Facts,
  options: { strategy: 'auto' | Strategy; privilege: 'auto' | Privilege },
  failed: Failed = new Map(),
): Choice => {
  const privilege = choosePrivilege(facts.host, options.privilege);
  const refusal = privilege.kind === undefined ? privilege.obstacle : undefined;
  const obstacles = strategyNames.map((strategy) => ({
    strategy,
    obstacle: failed.get(strategy) ?? obstacleTo(strategy, facts),
  }));
  const possible = obstacles.filter(({ obstacle }) => obstacle === undefined).map(({ strategy }) => strategy);
  const wanted = options.strategy === 'auto' ? possible[0] : possible.find((strategy) => strategy === options.strategy);
  const strategy = privilege.kind === undefined ? undefined : wanted;
  const reasons = obstacles.map(({ strategy: name, obstacle }): StrategyReason => ({
    strategy: name,
    chosen: name === strategy,
    reason:
      name === strategy
        ? reasonFor(name, facts, options.strategy)
        : (obstacle ?? refusal?.what ?? 'works too; not chosen'),
  }));
  if (wanted === undefined) throw noStrategy(facts, options.strategy, reasons);
  if (privilege.kind === undefined) throw noPrivilege(wanted, privilege.obstacle, reasons);
  const hasOwnedTables = obstacleToOwnedTables(facts.host) === undefined;
  return { strategy: wanted as Choice['strategy'], privilege: privilege.kind, hasOwnedTables, reasons };
};

const obstacleTo = (strategy: Strategy, { host, engine }: Facts): string | undefined => {
  if (strategy === 'native')
    return engine.vm === undefined
      ? 'only engines in a virtual machine have it'
      : `not built yet; ${engine.vm} itself lets containers reach 127.0.0.1 by host.docker.internal`;
  if (strategy !== 'nftables' && strategy !== 'iptables') return 'not built yet';
  if (host.platform !== 'linux') return `needs Linux, and this is ${host.platform}`;
  if (engine.vm !== undefined) return `${engine.vm} runs its bridges in a virtual machine`;
  if (engine.remote) return `the engine at ${engine.endpoint} is on another host`;
  if (engine.rootless) return 'a rootless engine has its bridges in a network namespace of its own';
  if (strategy === 'iptables') return host.iptables === undefined ? 'no iptables on this host' : undefined;
  return obstacleToOwnedTables(host);
};

const obstacleToOwnedTables = (host: HostFacts): string | undefined => {
  if (host.nft === undefined) return 'no nft with an interactive mode on this host';
  if (isOlder(host.nft.version, '0.9.9')) return `nft ${host.nft.version} has no owned tables, 0.9.9 has`;
  if (isOlder(host.kernel, '5.12')) return `kernel ${host.kernel} has no owned tables, 5.12 has`;
  return undefined;
};

const reasonFor = (strategy: Strategy, { host }: Facts, asked: 'auto' | Strategy): string => {
  const what =
    strategy === 'nftables'
      ? `nft ${host.nft?.version} on kernel ${host.kernel}: the kernel itself removes the rules when the process ends`
      : `iptables ${host.iptables?.version} (${host.iptables?.variant})`;
  return asked === 'auto' ? what : `asked for; ${what}`;
};

/** Why nobody may, and what to do about it. */
interface Obstacle {
  readonly what: string;
  readonly advice: string;
}

const allowSudo = 'sudo -v && sudo -n true, a rule NOPASSWD in sudoers, or root';

const choosePrivilege = (
  host: HostFacts,
  asked: 'auto' | Privilege,
): { kind: 'root' | 'sudo' } | { kind: undefined; obstacle: Obstacle } => {
  const refuse = (what: string, advice: string) => ({ kind: undefined, obstacle: { what, advice } });
  if (asked === 'none' || asked === 'container') {
    return refuse(`privilege '${asked}' cannot install rules in this version`, "privilege: 'auto'");
  }
  if (asked !== 'sudo' && host.uid === 0 && host.netAdmin) return { kind: 'root' };
  // What root lacks, its sudo lacks too.
  if (host.sudo && (asked === 'sudo' || (asked === 'auto' && host.uid !== 0))) return { kind: 'sudo' };
  const sudo = 'sudo -n does not work for this user';
  if (asked === 'sudo') return refuse(sudo, allowSudo);
  if (host.uid === 0)
    return refuse(
      'root here lacks CAP_NET_ADMIN',
      'docker run --cap-add NET_ADMIN --network host …, for the container this runs in',
    );
  return asked === 'root'
    ? refuse('this user is not root', "privilege: 'auto', or root")
    : refuse(`this user is not root, and ${sudo}`, allowSudo);
};

const noStrategy = (
  facts: Facts,
  asked: 'auto' | Strategy,
  reasons: readonly StrategyReason[],
): LocalhostForwardError => {
  const what =
    asked === 'auto'
      ? 'No strategy can forward to 127.0.0.1 here'
      : `Strategy '${asked}' cannot forward to 127.0.0.1 here`;
  const unbuilt = asked !== 'auto' && asked !== 'nftables' && asked !== 'iptables';
  return new LocalhostForwardError(
    'LHF_ERR_NO_STRATEGY',
    {
      what,
      evidence: listReasons(reasons),
      try: adviceOnPlace(facts) ?? (unbuilt ? "strategy: 'auto'" : adviceOnTools(facts.host, asked)),
    },
    { reasons },
  );
};

const adviceOnPlace = ({ host, engine }: Facts): string | undefined => {
  if (engine.vm !== undefined || host.platform !== 'linux') {
    return 'docker run --rm curlimages/curl http://host.docker.internal:<port>, which this engine serves by itself';
  }
  if (engine.remote) return 'docker context use default';
  return engine.rootless ? 'docker context use default, with a rootful engine' : undefined;
};

// A kernel or an nft that is too old does not get younger by installing it once more.
const adviceOnTools = (host: HostFacts, asked: 'auto' | 'nftables' | 'iptables'): string => {
  const mended = asked !== 'iptables' && host.nft === undefined && !isOlder(host.kernel, '5.12');
  if (mended) return 'sudo apt-get install nftables';
  return host.iptables === undefined ? 'sudo apt-get install iptables' : "strategy: 'auto'";
};

const noPrivilege = (
  strategy: Strategy,
  obstacle: Obstacle,
  reasons: readonly StrategyReason[],
): LocalhostForwardError =>
  new LocalhostForwardError(
    'LHF_ERR_PRIVILEGE',
    { what: `Nobody here may install rules: ${obstacle.what}`, evidence: listReasons(reasons), try: obstacle.advice },
    { strategy, reasons },
  );

const listReasons = (reasons: readonly StrategyReason[]): string[] =>
  reasons.map(({ strategy, reason }) => `${strategy}: ${reason}`);

/** Whether one dotted version is older than another. */
const isOlder = (version: string, than: string): boolean => {
  const [a, b] = [version, than].map((text) => text.split('.').map(Number));
  for (let n = 0; n < Math.max(a?.length ?? 0, b?.length ?? 0); n += 1) {
    const difference = (a?.[n] ?? 0) - (b?.[n] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
};
