import type { HolderOwner } from '../../lifecycle/holder.ts';
import { IdleEnd } from '../../lifecycle/idle-end.ts';
import type { Names } from '../../plan/names.ts';
import { removeTables, restoreGuard } from '../guard/guard.ts';
import { isGuard, renderGuard } from '../guard/rules.ts';
import {
  keyOf,
  type AttachedRules,
  type InstalledRules,
  type Proofs,
  type RulesPlan,
  type RulesStrategy,
  type Translation,
} from '../strategy.ts';
import { OwnedTables } from './owned-tables.ts';
import { parseCounters, parseKeys, parseTargets } from './parse.ts';
import { renderAddPort, renderRemovePort, renderTable } from './rules.ts';

/** Kernel DNAT in an owned nftables table: SIGKILL takes the rules along. */
export class NftablesStrategy implements RulesStrategy {
  readonly name = 'nftables';
  readonly #tables: OwnedTables;
  readonly #idle = new IdleEnd(() => {
    if (!this.#tables.isBusy) this.#tables.retire();
  });

  constructor(owner: HolderOwner) {
    this.#tables = new OwnedTables('nftables', owner);
  }

  async install(plan: RulesPlan): Promise<InstalledRules> {
    this.#idle.take();
    const rules = new NftablesRules(plan, this.#tables, () => {
      if (this.#tables.open.delete(rules)) this.#idle.give();
    });
    try {
      await this.#tables.transact(
        [...renderGuard(plan.names, plan.session), ...renderTable(plan)],
        `could not be put in for ${plan.names.bridge}`,
      );
    } catch (error) {
      // nft may have died between doing it and saying so; the guard outlives it.
      await rules.release().catch(() => undefined);
      this.#idle.give();
      throw error;
    }
    this.#tables.open.add(rules);
    return rules;
  }

  attach(names: Names): AttachedRules {
    const rules = new NftablesRules({ names, session: '', ports: [] }, this.#tables, () => undefined);
    return {
      hits: (port) => rules.hits(port),
      proofs: () => rules.proofs(),
      isPresent: (port) => rules.isPresent(port),
      restore: async () => false,
    };
  }
}

class NftablesRules implements InstalledRules {
  readonly #plan: RulesPlan;
  readonly #tables: OwnedTables;
  readonly #forget: () => void;
  readonly #ports: Map<string, Translation>;
  #released = false;

  constructor(plan: RulesPlan, tables: OwnedTables, forget: () => void) {
    this.#plan = plan;
    this.#tables = tables;
    this.#forget = forget;
    this.#ports = new Map(plan.ports.map((port) => [keyOf(port), port]));
  }

  get bridge(): string {
    return this.#plan.names.bridge;
  }

  /** The owned table as it must be now. */
  render(): string[] {
    return renderTable({ ...this.#plan, ports: [...this.#ports.values()] });
  }

  async add(port: Translation): Promise<void> {
    await this.#tables.transact(renderAddPort(this.#plan.names, port), `could not be put in for port ${keyOf(port)}`);
    this.#ports.set(keyOf(port), port);
  }

  async remove(port: Translation): Promise<void> {
    this.#ports.delete(keyOf(port));
    await this.#tables.discard(
      renderRemovePort(this.#plan.names, port),
      `could not be removed for port ${keyOf(port)}`,
    );
  }

  async hits(port: Translation) {
    const listing = await this.#tables.list(this.#plan.names.table);
    const connections = parseCounters(listing, 'connections').get(keyOf(port));
    const traffic = parseCounters(listing, 'traffic').get(keyOf(port));
    return { connections: connections?.packets ?? 0, packets: traffic?.packets ?? 0, bytes: traffic?.bytes ?? 0 };
  }

  async proofs(): Promise<Map<string, Proofs>> {
    const listing = await this.#tables.list(this.#plan.names.table);
    const counters = parseCounters(listing, 'proofs');
    return new Map(
      [...parseTargets(listing)].map(([key, targetPort]) => [
        key,
        { packets: counters.get(key)?.packets ?? 0, targetPort },
      ]),
    );
  }

  async isPresent(port: Translation): Promise<boolean> {
    const { names } = this.#plan;
    const [table, guard] = await Promise.all([this.#tables.list(names.table), this.#tables.list(names.guardTable)]);
    return parseKeys(table, 'ports').has(keyOf(port)) && /\bdnat (?:ip )?to\b/.test(table) && isGuard(guard);
  }

  /** Nobody but its holder can change an owned table; the guard beside it goes with every `flush ruleset`. */
  restore(): Promise<boolean> {
    return restoreGuard(this.#tables, this.#plan.names, this.#plan.session);
  }

  async release(): Promise<void> {
    if (this.#released) return;
    this.#forget();
    await removeTables(this.#tables, this.#plan.names);
    this.#released = true;
  }
}
