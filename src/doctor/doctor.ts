import { connectEngine, sessionOn, type Engine } from '../engine/engine.ts';
import { listNetworks } from '../engine/networks.ts';
import { isLocalhostForwardError } from '../errors.ts';
import { assertAllowed } from '../host/allowed.ts';
import { coded } from '../host/coded.ts';
import { readHostFacts, type HostFacts } from '../host/facts.ts';
import { lendTools } from '../privilege/lent-tools.ts';
import { readRoutes } from '../host/routes.ts';
import { listForwards } from '../leftovers/list-forwards.ts';
import { parseOptions, type ResolvedOptions } from '../options/options.ts';
import { chooseStrategy } from '../choose/choose-strategy.ts';
import type { EngineFacts } from '../engine/facts.ts';
import { countFree } from '../network/subnet.ts';
import { ladderOf, lookBy, type Rung } from '../privilege/ladder.ts';
import { privilegesOf, type Privileges } from '../privilege/privileges.ts';
import { strategyNamed } from '../strategies/all.ts';
import type { Facts } from '../strategies/strategy.ts';
import { tellOpenBridge } from '../strategies/unguarded.ts';
import type { LocalhostForwardOptions, Privilege, StrategyReason } from '../types.ts';
import { readFirewall, type FirewallFacts } from './firewall.ts';
import { findLeftBehind, type LeftBehind } from './left.ts';
import { redact } from './redact.ts';
import { rehearseAll } from '../choose/rehearse.ts';
import { tryNetwork } from './try-network.ts';

/** What this machine offers. No secret is in it: it is made to be pasted. */
export interface DoctorReport {
  /** Whether some strategy works. */
  readonly ok: boolean;
  readonly strategy: string | null;
  readonly privilege: Privilege | null;
  /** Null where none answers; then `problem` says why. */
  readonly engine: EngineFacts | null;
  readonly host: HostFacts;
  /** Who could change the kernel here, the best first, and why not. */
  readonly ladder: readonly Rung[];
  readonly firewall: FirewallFacts | null;
  readonly reasons: readonly StrategyReason[];
  /** How many forwards have a living owner on this host. */
  readonly open: number;
  /** What earlier runs left behind, by owner. */
  readonly left: readonly LeftBehind[];
  readonly subnets: { readonly pool: string; readonly free: number } | null;
  /** Why nothing works, and one thing to try. */
  readonly problem?: string;
  /** The page about that problem. */
  readonly docs?: string;
}

/**
 * Looks at this machine. All that it changes is one network for a moment, with a container that does nothing: whether the engine makes
 * them, no fact tells.
 *
 * @throws LHF_ERR_INVALID_OPTION, and LHF_ERR_PRIVILEGE or LHF_ERR_SYSTEM where this process may start no program or open too few files. What
 *   does not work here is told and not thrown.
 * @example
 * const { ok, reasons } = await doctor();
 */
export const doctor = async (options: Pick<LocalhostForwardOptions, 'docker'> = {}): Promise<DoctorReport> => {
  const resolved = parseOptions(options, process.env);
  return coded('Examining this machine', async () => {
    await assertAllowed();
    return examine(options, resolved);
  });
};

const examine = async (
  options: Pick<LocalhostForwardOptions, 'docker'>,
  resolved: ResolvedOptions,
): Promise<DoctorReport> => {
  const own = await readHostFacts();
  const engine = await connectEngine(resolved.docker).catch((error: unknown) => error as Error);
  const answering = engine instanceof Error ? undefined : engine;
  const host = answering === undefined ? own : await lendTools(own, answering);
  const ladder = ladderOf(host, answering?.facts);
  const privileges = privilegesHere(host, answering);
  const rights = privileges?.use();
  const [firewall, left] = await Promise.all([
    privileges === undefined ? null : readFirewall(privileges),
    findLeftBehind(answering, privileges),
  ]);
  const failed = answering === undefined ? undefined : await rehearseAll({ host, engine: answering, wishes: resolved });
  await rights?.release();
  const base = { ok: false, strategy: null, privilege: null, engine: null, host, ladder, firewall, left };
  if (engine instanceof Error) return { ...base, open: 0, reasons: [], subnets: null, ...tell(engine) };
  const [forwards, free] = await Promise.all([listForwards(options), countSubnets(engine, resolved.subnetPool)]);
  const seen = {
    ...base,
    engine: { ...engine.facts, endpoint: redact(engine.facts.endpoint) },
    open: forwards.filter(({ alive }) => alive === 'alive').length,
    subnets: { pool: resolved.subnetPool, free },
  };
  try {
    const { strategy, privilege, reasons } = chooseStrategy({ host, engine: engine.facts }, resolved, failed);
    const tools = {
      session: sessionOn(engine, privilege),
      engine,
      host,
      privileges: privilegesOf({ kind: privilege }, engine),
    };
    const { isBridgeOpen } = await tryNetwork(
      { subnetPool: resolved.subnetPool, subnet: resolved.subnet?.cidr, image: resolved.proof.image },
      tools,
    );
    const told = isBridgeOpen ? tellOpenBridges(reasons, { host, engine: engine.facts }) : reasons;
    return { ...seen, ok: true, strategy, privilege, reasons: told.map(redactReason) };
  } catch (error) {
    if (!isLocalhostForwardError(error)) throw error;
    return { ...seen, reasons: (error.reasons ?? []).map(redactReason), ...tell(error) };
  }
};

const tell = (error: Error): Pick<DoctorReport, 'problem' | 'docs'> => ({
  problem: redact(error.message),
  ...(isLocalhostForwardError(error) && { docs: error.docs }),
});

const privilegesHere = (host: HostFacts, engine: Engine | undefined): Privileges | undefined => {
  const kind = host.platform === 'linux' ? lookBy(host, engine?.facts) : undefined;
  return kind === undefined ? undefined : privilegesOf({ kind }, engine);
};

const redactReason = (reason: StrategyReason): StrategyReason => ({ ...reason, reason: redact(reason.reason) });

/** Says so of each that works and puts no guard there. */
const tellOpenBridges = (reasons: readonly StrategyReason[], facts: Facts): StrategyReason[] =>
  reasons.map((one) => {
    const strategy = strategyNamed(one.strategy);
    const unfit = strategy.obstacle(facts) ?? strategy.doubt?.(facts);
    const told = unfit === undefined ? tellOpenBridge(strategy) : [];
    return { ...one, reason: [one.reason, ...told].join('; ') };
  });

const countSubnets = async ({ docker }: Engine, pool: string): Promise<number> => {
  const [networks, routes] = await Promise.all([listNetworks(docker), readRoutes()]);
  return countFree({ pool, taken: [...networks.flatMap(({ subnets }) => subnets), ...routes] });
};
