import type { Privileges } from '../../../privilege/privileges.ts';
import type { Fault, PortMapping, RoutePlan } from '../../strategy.ts';
import type { BridgeRules } from '../bridge-rules.ts';
import { disturbPort } from '../disturb.ts';
import { BridgeShaper } from '../shaper.ts';
import type { HeldTables } from '../tables/held-tables.ts';
import { probeOn } from '../probe-on.ts';
import { TableView } from '../tables/table-view.ts';

/** Guards a bridge, which need not exist yet, and translates its ports. A failure leaves nothing. @throws LHF_ERR_RULES */
export const putNftablesRules = async (
  tables: HeldTables,
  { names: { bridge }, ports, subnet, trials, isHermetic, onSent }: RoutePlan,
  privileges: Privileges,
): Promise<BridgeRules> => {
  tables.acquire();
  try {
    const probe = probeOn(subnet, trials);
    await tables.rules.open(bridge, ports, { translates: true, probe, isHermetic, onSent });
  } catch (error) {
    // nft may have died between doing it and saying so; the guard outlives it.
    await tables.rules.close(bridge).catch(() => undefined);
    tables.release();
    throw error;
  }
  return new NftablesRules(tables, bridge, privileges);
};

class NftablesRules implements BridgeRules {
  readonly #tables: HeldTables;
  readonly #bridge: string;
  readonly view: TableView;
  readonly #shaper: BridgeShaper;
  #isReleased = false;
  #isLetGo = false;

  constructor(tables: HeldTables, bridge: string, privileges: Privileges) {
    this.#tables = tables;
    this.#bridge = bridge;
    this.#shaper = new BridgeShaper(bridge, privileges, 'nftables');
    this.view = new TableView(tables.names, bridge, privileges);
  }

  add(port: PortMapping): Promise<void> {
    return this.#tables.rules.addPort(this.#bridge, port);
  }

  async remove(port: PortMapping): Promise<void> {
    await this.#tables.rules.removePort(this.#bridge, port);
    await this.#shaper.use(port, undefined);
  }

  disturb(port: PortMapping, fault: Fault): Promise<void> {
    return disturbPort(this.#tables.rules, this.#shaper, this.#bridge, port, fault);
  }

  setProbe(subnet: string, trials: readonly PortMapping[]): Promise<void> {
    return this.#tables.rules.setProbe(this.#bridge, probeOn(subnet, trials));
  }

  /** Nobody but its holder can change an owned table; the guard beside it goes with every `flush ruleset`. */
  async repair(): Promise<boolean> {
    if (await this.#tables.repair()) return true;
    if (await this.view.isGuarded()) return false;
    await this.#tables.rules.restoreGuard();
    return true;
  }

  async release(): Promise<void> {
    if (this.#isReleased) return;
    await this.#tables.rules.close(this.#bridge);
    this.#isReleased = true;
  }

  letGo(): void {
    if (this.#isLetGo) return;
    this.#isLetGo = true;
    this.#tables.release();
  }
}
