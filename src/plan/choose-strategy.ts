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
  /** Each strategy with what spoke for or against it. */
  readonly reasons: readonly StrategyReason[];
}

interface Facts {
  readonly host: HostFacts;
  readonly engine: EngineFacts;
}

/**
 * The first strategy that works here, or the one that was asked for.
 *
 * @throws LHF_ERR_NO_STRATEGY with each reason, or LHF_ERR_PRIVILEGE where only the right to install rules is missing.
 */
export const chooseStrategy = (facts: Facts, options: { strategy: 'auto' | Strategy; privilege: 'auto' | Privilege }): Choice => {
  const privilege = choosePrivilege(facts.host, options.privilege);
  const obstacles = strategyNames.map((strategy) => ({ strategy, obstacle: obstacleTo(strategy, facts) }));
  const possible = obstacles.filter(({ obstacle }) => obstacle === undefined).map(({ strategy }) => strategy);
  const wanted = options.strategy === 'auto' ? possible[0] : possible.find((strategy) => strategy === options.strategy);
  const strategy = privilege.kind === undefined ? undefined : wanted;
  const reasons = obstacles.map(({ strategy: name, obstacle }): StrategyReason => ({
    strategy: name,
    chosen: name === strategy,
    reason: name === strategy ? reasonFor(name, facts, options.strategy) : (obstacle ?? privilege.obstacle ?? 'works too; not chosen'),
  }));
  if (wanted === undefined) throw noStrategy(facts, options.strategy, reasons);
  if (privilege.kind === undefined) throw noPrivilege(wanted, privilege.obstacle, reasons);
  return { strategy: wanted as Choice['strategy'], privilege: privilege.kind, reasons };
};

const obstacleTo = (strategy: Strategy, { host, engine }: Facts): string | undefined => {
  if (strategy === 'native') return engine.vm === undefined ? 'only engines in a virtual machine have it' : `not built yet; ${engine.vm} itself lets containers reach 127.0.0.1 by host.docker.internal`;
  if (strategy !== 'nftables' && strategy !== 'iptables') return 'not built yet';
  if (host.platform !== 'linux') return `needs Linux, and this is ${host.platform}`;
  if (engine.vm !== undefined) return `${engine.vm} runs its bridges in a virtual machine`;
  if (engine.remote) return `the engine at ${engine.endpoint} is on another host`;
  if (engine.rootless) return 'a rootless engine has its bridges in a network namespace of its own';
  if (strategy === 'iptables') return host.iptables === undefined ? 'no iptables on this host' : undefined;
  if (host.nft === undefined) return 'no nft with an interactive mode on this host';
  if (isOlder(host.nft.version, '0.9.9')) return `nft ${host.nft.version} has no owned tables, 0.9.9 has`;
  if (isOlder(host.kernel, '5.12')) return `kernel ${host.kernel} has no owned tables, 5.12 has`;
  return undefined;
};

const reasonFor = (strategy: Strategy, { host }: Facts, asked: 'auto' | Strategy): string => {
  const what = strategy === 'nftables' ? `nft ${host.nft?.version} on kernel ${host.kernel}: the kernel itself removes the rules when the process ends` : `iptables ${host.iptables?.version} (${host.iptables?.variant})`;
  return asked === 'auto' ? what : `asked for; ${what}`;
};

const choosePrivilege = (host: HostFacts, asked: 'auto' | Privilege): { kind: 'root' | 'sudo'; obstacle?: never } | { kind?: never; obstacle: string } => {
  if (asked === 'none' || asked === 'container') return { obstacle: `privilege '${asked}' cannot install rules in this version` };
  const root = host.uid !== 0 ? 'this user is not root' : host.netAdmin ? undefined : 'root here lacks CAP_NET_ADMIN';
  if (asked !== 'sudo' && root === undefined) return { kind: 'root' };
  const sudo = host.sudo ? undefined : 'sudo -n does not work for this user';
  if (asked !== 'root' && sudo === undefined) return { kind: 'sudo' };
  return { obstacle: [asked === 'sudo' ? undefined : root, asked === 'root' ? undefined : sudo].filter(Boolean).join(', and ') };
};

const noStrategy = ({ host, engine }: Facts, asked: 'auto' | Strategy, reasons: readonly StrategyReason[]): LocalhostForwardError => {
  const what = asked === 'auto' ? 'No strategy can forward to 127.0.0.1 here' : `Strategy '${asked}' cannot forward to 127.0.0.1 here`;
  const advice =
    engine.vm !== undefined || host.platform !== 'linux'
      ? 'docker run --rm curlimages/curl http://host.docker.internal:<port>, which this engine serves by itself'
      : engine.remote
        ? 'docker context use default'
        : engine.rootless
          ? 'docker context use default, with a rootful engine'
          : asked !== 'auto' && reasons.some(({ reason }) => reason.startsWith('works too'))
            ? `strategy: 'auto'`
            : 'sudo apt-get install nftables';
  return new LocalhostForwardError('LHF_ERR_NO_STRATEGY', { what, evidence: reasons.map(({ strategy, reason }) => `${strategy}: ${reason}`), try: advice }, { reasons });
};

const noPrivilege = (strategy: Strategy, obstacle: string, reasons: readonly StrategyReason[]): LocalhostForwardError =>
  new LocalhostForwardError(
    'LHF_ERR_PRIVILEGE',
    { what: `Nobody here may install rules: ${obstacle}`, try: 'sudo -v && sudo -n true, a rule NOPASSWD in sudoers, or root' },
    { strategy, reasons },
  );

/** Whether one dotted version is older than another. */
const isOlder = (version: string, than: string): boolean => {
  const [a, b] = [version, than].map((text) => text.split('.').map(Number));
  for (let n = 0; n < Math.max(a?.length ?? 0, b?.length ?? 0); n += 1) {
    const difference = (a?.[n] ?? 0) - (b?.[n] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
};
