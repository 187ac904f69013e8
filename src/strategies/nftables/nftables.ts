import { LocalhostForwardError } from '../../errors.ts';
import type { HolderOptions } from '../../lifecycle/holder.ts';

import type { Hits } from '../../types.ts';
import { keyOf, type InstalledRules, type PortKey, type RulesPlan, type RulesStrategy, type Translation } from '../strategy.ts';
import { NftHolder } from './nft-holder.ts';
import { NftablesReader } from './reader.ts';
import { renderAddPort, renderGuard, renderRemovePort, renderTable } from './rules.ts';

/** Kernel DNAT in an owned nftables table: SIGKILL takes the rules along. */
export class NftablesStrategy implements RulesStrategy {
  readonly name = 'nftables';
  readonly #options: Omit<HolderOptions, 'hold' | 'release' | 'onLost'>;
  readonly #open = new Set<NftablesRules>();
  #holder: NftHolder | undefined;

  constructor(options: Omit<HolderOptions, 'hold' | 'release' | 'onLost'>) {
    this.#options = options;
  }

  async install(plan: RulesPlan): Promise<InstalledRules> {
    const reader = new NftablesReader(plan.names, this.#options.privileges);
    const rules = new NftablesRules(plan, this, reader, () => this.#open.delete(rules));
    try {
      await this.transact([...renderGuard(plan.names, plan.session), ...renderTable(plan)], `could not be put in for ${plan.names.bridge}`);
    } catch (error) {
      // nft may have died between doing it and saying so; the guard outlives it.
      await rules.release().catch(() => undefined);
      throw error;
    }
    this.#open.add(rules);
    return rules;
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

  async #ask(commands: readonly string[]): Promise<string> {
    if (this.#holder === undefined || this.#holder.isLost) this.#holder = this.#openHolder();
    return this.#holder.transact(commands).catch((error: unknown) => String(error));
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
    process.emitWarning(`somebody ended the nft that held ${bridges}; ${outcome}`, { type: 'LocalhostForwardWarning', code: 'LHF_WARN_RULES' });
  }
}

class NftablesRules implements InstalledRules {
  readonly #plan: RulesPlan;
  readonly #strategy: NftablesStrategy;
  readonly #reader: NftablesReader;
  readonly #forget: () => void;
  readonly #ports: Map<string, Translation>;
  #released = false;

  constructor(plan: RulesPlan, strategy: NftablesStrategy, reader: NftablesReader, forget: () => void) {
    this.#plan = plan;
    this.#strategy = strategy;
    this.#reader = reader;
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
    await this.#strategy.discard(renderRemovePort(this.#plan.names, port), `could not be removed for port ${keyOf(port)}`);
  }

  hits(port: PortKey): Promise<Hits> {
    return this.#reader.hits(port);
  }

  isPresent(port: PortKey): Promise<boolean> {
    return this.#reader.isPresent(port);
  }

  /** Nobody but its holder can change an owned table; the guard beside it goes with every `flush ruleset`. */
  async restore(): Promise<boolean> {
    const { names, session } = this.#plan;
    if (await this.#reader.hasGuard()) return false;
    const anew = [`add table ip ${names.guardTable}`, `delete table ip ${names.guardTable}`, ...renderGuard(names, session)];
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

const rulesError = (failure: string, answer: string, commands: readonly string[]): LocalhostForwardError => {
  const [first = answer] = answer.split('\n');
  const advice = /not permitted|a password is required|sudo/i.test(answer) ? 'sudo -n nft list tables' : 'localhost-forward doctor';
  return new LocalhostForwardError(
    'LHF_ERR_RULES',
    { what: `The nftables rules ${failure}: ${first}`, try: advice },
    { strategy: 'nftables', command: commands.join('; '), stderr: answer },
  );
};
