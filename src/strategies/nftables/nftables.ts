import { LocalhostForwardError } from '../../errors.ts';
import type { HolderOptions } from '../../lifecycle/holder.ts';
import { IdleEnd } from '../../lifecycle/idle-end.ts';
import type { Names } from '../../plan/names.ts';
import {
  keyOf,
  type AttachedRules,
  type InstalledRules,
  type Proofs,
  type RulesPlan,
  type RulesStrategy,
  type Translation,
} from '../strategy.ts';
import { NftHolder } from './nft-holder.ts';
import { parseCounters, parseKeys, parseTargets } from './parse.ts';
import { renderAddPort, renderGuard, renderRemovePort, renderTable } from './rules.ts';

/** Kernel DNAT in an owned nftables table: SIGKILL takes the rules along. */
export class NftablesStrategy implements RulesStrategy {
  readonly name = 'nftables';
  readonly #options: Omit<HolderOptions, 'hold' | 'release' | 'onLost'>;
  readonly #open = new Set<NftablesRules>();
  readonly #idle = new IdleEnd(() => this.#retire());
  #holder: NftHolder | undefined;

  constructor(options: Omit<HolderOptions, 'hold' | 'release' | 'onLost'>) {
    this.#options = options;
  }

  async install(plan: RulesPlan): Promise<InstalledRules> {
    this.#idle.take();
    const rules = new NftablesRules(plan, this, () => {
      if (this.#open.delete(rules)) this.#idle.give();
    });
    try {
      await this.transact(
        [...renderGuard(plan.names, plan.session), ...renderTable(plan)],
        `could not be put in for ${plan.names.bridge}`,
      );
    } catch (error) {
      // nft may have died between doing it and saying so; the guard outlives it.
      await rules.release().catch(() => undefined);
      this.#idle.give();
      throw error;
    }
    this.#open.add(rules);
    return rules;
  }

  attach(names: Names): AttachedRules {
    const rules = new NftablesRules({ names, session: '', ports: [] }, this, () => undefined);
    return {
      hits: (port) => rules.hits(port),
      proofs: () => rules.proofs(),
      isPresent: (port) => rules.isPresent(port),
      restore: async () => false,
    };
  }

  /** @throws LHF_ERR_RULES with nft's own words. */
  async transact(commands: readonly string[], failure: string): Promise<void> {
    const answer = await this.#ask(commands);
    if (answer !== '') throw rulesError(failure, answer, commands);
  }

  /** The same, where what should go may be gone already. */
  async discard(commands: readonly string[], failure: string): Promise<void> {
    const answer = await this.#ask(commands);
    if (answer !== '' && !/No such file or directory/.test(answer)) throw rulesError(failure, answer, commands);
  }

  async list(table: string): Promise<string> {
    const { stdout } = await this.#options.privileges.run(['nft', 'list', 'table', 'ip', table]);
    return stdout;
  }

  async #ask(commands: readonly string[]): Promise<string> {
    if (this.#holder === undefined || this.#holder.isLost) this.#holder = this.#openHolder();
    return this.#holder.transact(commands).catch((error: unknown) => String(error));
  }

  #retire(): void {
    if (this.#holder === undefined || this.#holder.isBusy) return;
    this.#holder.retire();
    this.#holder = undefined;
  }

  #openHolder(): NftHolder {
    const holder = new NftHolder({ ...this.#options, onLost: () => void (holder.hasAnswered && this.#restore()) });
    return holder;
  }

  // Somebody killed nft while this process lives: what was open is put in again by a new one.
  async #restore(): Promise<void> {
    const bridges = [...this.#open].map((rules) => rules.bridge).join(', ');
    if (bridges === '') return;
    const answer = await this.#ask([...this.#open].flatMap((rules) => rules.render()));
    const outcome = answer === '' ? 'its rules are back' : `its rules could not be put back: ${answer.split('\n')[0]}`;
    process.emitWarning(`somebody ended the nft that held ${bridges}; ${outcome}`, {
      type: 'LocalhostForwardWarning',
      code: 'LHF_WARN_RULES',
    });
  }
}

class NftablesRules implements InstalledRules {
  readonly #plan: RulesPlan;
  readonly #strategy: NftablesStrategy;
  readonly #forget: () => void;
  readonly #ports: Map<string, Translation>;
  #released = false;

  constructor(plan: RulesPlan, strategy: NftablesStrategy, forget: () => void) {
    this.#plan = plan;
    this.#strategy = strategy;
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
    await this.#strategy.transact(renderAddPort(this.#plan.names, port), `could not be put in for port ${keyOf(port)}`);
    this.#ports.set(keyOf(port), port);
  }

  async remove(port: Translation): Promise<void> {
    this.#ports.delete(keyOf(port));
    await this.#strategy.discard(
      renderRemovePort(this.#plan.names, port),
      `could not be removed for port ${keyOf(port)}`,
    );
  }

  async hits(port: Translation) {
    const listing = await this.#strategy.list(this.#plan.names.table);
    const connections = parseCounters(listing, 'connections').get(keyOf(port));
    const traffic = parseCounters(listing, 'traffic').get(keyOf(port));
    return { connections: connections?.packets ?? 0, packets: traffic?.packets ?? 0, bytes: traffic?.bytes ?? 0 };
  }

  async proofs(): Promise<Map<string, Proofs>> {
    const listing = await this.#strategy.list(this.#plan.names.table);
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
    const [table, guard] = await Promise.all([this.#strategy.list(names.table), this.#strategy.list(names.guardTable)]);
    return parseKeys(table, 'ports').has(keyOf(port)) && /\bdnat\b/.test(table) && isGuard(guard);
  }

  /** Nobody but its holder can change an owned table; the guard beside it goes with every `flush ruleset`. */
  async restore(): Promise<boolean> {
    const { names, session } = this.#plan;
    if (isGuard(await this.#strategy.list(names.guardTable))) return false;
    const anew = [
      `add table ip ${names.guardTable}`,
      `delete table ip ${names.guardTable}`,
      ...renderGuard(names, session),
    ];
    await this.#strategy.transact(anew, `that somebody took away could not be put back for ${names.bridge}`);
    return true;
  }

  async release(): Promise<void> {
    if (this.#released) return;
    this.#forget();
    const { names } = this.#plan;
    // Two transactions: one that is gone already must not keep the other.
    for (const table of [names.table, names.guardTable]) {
      await this.#strategy.discard([`delete table ip ${table}`], `could not be removed for ${names.bridge}`);
    }
    this.#released = true;
  }
}

const isGuard = (listing: string): boolean =>
  ['daddr', 'saddr'].every((end) => new RegExp(String.raw`ip ${end} 127\.0\.0\.0/8 .*drop`).test(listing));

const rulesError = (failure: string, answer: string, commands: readonly string[]): LocalhostForwardError => {
  const [first = answer] = answer.split('\n');
  const advice = /not permitted|a password is required|sudo/i.test(answer)
    ? 'sudo -n nft list tables'
    : 'localhost-forward doctor';
  return new LocalhostForwardError(
    'LHF_ERR_RULES',
    { what: `The nftables rules ${failure}: ${first}`, try: advice },
    { strategy: 'nftables', command: commands.join('; '), stderr: answer },
  );
};
