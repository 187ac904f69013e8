import { debug } from '../../../command/debug.ts';
import { headlineOf, LocalhostForwardError } from '../../../errors.ts';
import type { Privileges } from '../../../privilege/privileges.ts';
import { sharedIn } from '../../../ownership/session.ts';
import { holderOwnerOf } from '../../holder-owner.ts';
import type { Fault, PortMapping, RoutePlan, Tools } from '../../strategy.ts';
import type { BridgeRules } from '../bridge-rules.ts';
import { disturbPort } from '../disturb.ts';
import { BridgeShaper } from '../shaper.ts';
import { heldTablesOf, type HeldTables } from '../tables/held-tables.ts';
import { obstacleToOwnedTables } from '../tables/owned-tables.ts';
import type { ProbeRule } from '../tables/rules.ts';
import { probeOn } from '../probe-on.ts';
import { TableView } from '../tables/table-view.ts';
import { endFlows } from './end-flows.ts';
import { ChainView, RawGuard } from './chain-view.ts';
import { HeldChains } from './held-chains.ts';

/** How the process's bridges are guarded: by owned tables of nft, or by iptables' own table raw. */
type GuardedBy = 'nft' | 'raw';

/** Told by the first opening, for all of the process. */
interface Decision {
  guardedBy: Promise<GuardedBy> | undefined;
  /** Why it is not nft. */
  why: string;
}

/** Guards a bridge, which need not exist yet, and translates its ports. A failure leaves nothing. @throws LHF_ERR_RULES */
export const putIptablesRules = async (plan: RoutePlan, tools: Tools): Promise<BridgeRules> => {
  const decision = sharedIn(tools.session, 'iptables guard', (): Decision => ({ guardedBy: undefined, why: '' }));
  const isFirst = decision.guardedBy === undefined;
  const guardedBy = await (decision.guardedBy ??= decide(plan, tools, decision));
  if (plan.isHermetic && guardedBy === 'raw') throw hermeticTakesNft(decision.why);
  const tables = guardedBy === 'nft' ? heldTablesOf(tools) : undefined;
  if (!isFirst) tables?.acquire();
  const chains = sharedIn(
    tools.session,
    `chains guarded by ${guardedBy}`,
    () =>
      new HeldChains({
        owner: holderOwnerOf(tools),
        host: tools.host,
        tables: guardedBy === 'nft' ? ['nat'] : ['raw', 'nat'],
        told: tools.told,
      }),
  );
  chains.acquire();
  const { names, ports } = plan;
  const rules = new IptablesRules(plan, chains, tables ?? decision.why, tools);
  // Of two holders, the one that starts the guardian has to know.
  const onSent = (): void => {
    if (tables === undefined) plan.onSent();
  };
  // Both requests are with their holders at once, whenever this process dies.
  const results = await Promise.allSettled([
    isFirst || tables === undefined ? undefined : guard(tables, plan, plan.onSent),
    chains.rules.open(names.bridge, { ports, probe: probeOf(plan) }, onSent),
  ]);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed === undefined) return rules;
  await rules
    .release()
    .then(() => rules.letGo())
    .catch((error: unknown) => debug(`undoing rules of ${names.bridge}: ${String(error)}`));
  throw failed.reason;
};

const hermeticTakesNft = (why: string): LocalhostForwardError =>
  new LocalhostForwardError('LHF_ERR_UNSUPPORTED', {
    what: `A hermetic network under iptables is kept by nft beside it, and nft could not put its tables in here: ${why}`,
    try: 'localhost-forward doctor',
  });

/** The first bridge of a process, guarded by nft where nft can: what it cannot at its start, it cannot for the next one. */
const decide = async (plan: RoutePlan, tools: Tools, decision: Decision): Promise<GuardedBy> => {
  const obstacle = obstacleToOwnedTables(tools.host);
  decision.why = obstacle?.what ?? '';
  if (obstacle !== undefined) return 'raw';
  const tables = heldTablesOf(tools);
  tables.acquire();
  try {
    await guard(tables, plan, () => undefined);
    // Not before: what nft refuses, nobody holds until the chains are asked for.
    plan.onSent();
    return 'nft';
  } catch (error) {
    // nft may have died between doing it and saying so; the guard outlives it.
    await tables.rules.close(plan.names.bridge).catch(() => undefined);
    tables.release();
    decision.why = headlineOf(error);
    debug(`the guard goes into iptables' table raw, which others can flush: ${String(error)}`);
    return 'raw';
  }
};

const guard = (tables: HeldTables, plan: RoutePlan, onSent: () => void): Promise<void> =>
  tables.rules.open(plan.names.bridge, plan.ports, {
    translates: false,
    probe: probeOf(plan),
    isHermetic: plan.isHermetic,
    onSent,
  });

const probeOf = ({ subnet, trials }: RoutePlan): ProbeRule => probeOn(subnet, trials);

const faultsByNft = (why: string): LocalhostForwardError =>
  new LocalhostForwardError(
    'LHF_ERR_UNSUPPORTED',
    {
      what: `The strategy iptables cuts and slows ports by nftables, which could not put its tables in here: ${why}. relay and sidecar do it by themselves`,
      try: "strategy: 'relay'",
    },
    { strategy: 'iptables' },
  );

class IptablesRules implements BridgeRules {
  readonly #bridge: string;
  readonly #chains: HeldChains;
  readonly #tables: HeldTables | undefined;
  readonly #whyNone: string;
  readonly view: ChainView;
  readonly #tableView: TableView | undefined;
  readonly #privileges: Privileges;
  #subnet: string;
  readonly #shaper: BridgeShaper;
  #isReleased = false;
  #isLetGo = false;

  constructor({ names: { bridge }, subnet }: RoutePlan, chains: HeldChains, held: HeldTables | string, tools: Tools) {
    const tables = typeof held === 'string' ? undefined : held;
    const { privileges } = tools;
    this.#bridge = bridge;
    this.#subnet = subnet;
    this.#privileges = privileges;
    this.#chains = chains;
    this.#tables = tables;
    this.#whyNone = typeof held === 'string' ? held : '';
    this.#shaper = new BridgeShaper(bridge, privileges, 'iptables');
    this.#tableView = tables && new TableView(tables.names, bridge, privileges);
    this.view = new ChainView(bridge, chains.look, this.#tableView ?? new RawGuard(bridge, chains.look));
  }

  add(port: PortMapping): Promise<void> {
    return this.#both((rules) => rules.addPort(this.#bridge, port));
  }

  async remove(port: PortMapping): Promise<void> {
    await this.#both((rules) => rules.removePort(this.#bridge, port));
    if (this.#tables === undefined) await endFlows(this.#privileges, this.#subnet, port);
    await this.#shaper.use(port, undefined);
  }

  /** By the tables that guard: what iptables' own could do there, they do as well. */
  async disturb(port: PortMapping, fault: Fault): Promise<void> {
    if (this.#tables === undefined) throw faultsByNft(this.#whyNone);
    await disturbPort(this.#tables.rules, this.#shaper, this.#bridge, port, fault);
  }

  setProbe(subnet: string, trials: readonly PortMapping[]): Promise<void> {
    this.#subnet = subnet;
    return this.#both((rules) => rules.setProbe(this.#bridge, probeOn(subnet, trials)));
  }

  async repair(): Promise<boolean> {
    const [areBack, isGuardBack] = await Promise.all([this.#chains.repair(this.#bridge), this.#repairGuard()]);
    return areBack || isGuardBack;
  }

  async #repairGuard(): Promise<boolean> {
    if ((await this.#tables?.repair()) === true) return true;
    if (this.#tableView === undefined || (await this.#tableView.isGuarded())) return false;
    await this.#tables?.rules.restoreGuard();
    return true;
  }

  async release(): Promise<void> {
    if (this.#isReleased) return;
    await this.#both((rules) => rules.close(this.#bridge));
    this.#isReleased = true;
  }

  letGo(): void {
    if (this.#isLetGo) return;
    this.#isLetGo = true;
    this.#chains.release();
    this.#tables?.release();
  }

  /** In iptables' chains and in the tables beside them, whatever becomes of the other. */
  async #both(change: (rules: HeldChains['rules'] | HeldTables['rules']) => Promise<void>): Promise<void> {
    const results = await Promise.allSettled([
      change(this.#chains.rules),
      ...(this.#tables === undefined ? [] : [change(this.#tables.rules)]),
    ]);
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }
}
