import { debug } from '../../command/debug.ts';
import { LocalhostForwardError } from '../../errors.ts';
import { Holder, type AnswerReader, type HolderOptions } from '../../lifecycle/holder.ts';
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
import { parseCounters, parseProofs, tableOf } from './parse.ts';
import { iptablesLoop } from './program.ts';
import { renderAddPort, renderRemovePort, renderRestore, renderTable } from './rules.ts';

/** How often rules are looked for while a forward is open, in milliseconds. */
const watchEveryMs = 2_000;

/** Kernel DNAT by iptables: the holder's shell writes all rules, one after the other, and takes them out when the process is gone. */
export class IptablesStrategy implements RulesStrategy {
  readonly name = 'iptables';
  readonly #options: Omit<HolderOptions, 'hold' | 'release' | 'onLost'>;
  readonly #open = new Set<IptablesRules>();
  readonly #idle = new IdleEnd(() => this.#retire());
  #holder: Holder | undefined;
  #watch: NodeJS.Timeout | undefined;

  constructor(options: Omit<HolderOptions, 'hold' | 'release' | 'onLost'>) {
    this.#options = options;
  }

  async install(plan: RulesPlan): Promise<InstalledRules> {
    this.#idle.take();
    const rules = new IptablesRules(plan, this, () => this.#forget(rules));
    try {
      await rules.apply();
    } catch (error) {
      // Atomic per table only: what went in before the refusal comes out.
      await rules.release().catch(() => undefined);
      this.#idle.give();
      throw error;
    }
    this.#remember(rules);
    return rules;
  }

  attach(names: Names): AttachedRules {
    const rules = new IptablesRules({ names, session: '', ports: [] }, this, () => undefined);
    return {
      hits: (port) => rules.hits(port),
      proofs: () => rules.proofs(),
      isPresent: (port) => rules.isPresent(port),
      restore: async () => false,
    };
  }

  /*
   * Whoever flushes iptables (a firewall's reload) takes our rules along, and neither variant tells anybody. One listing every
   * two seconds costs about a four-hundredth of a core; with sudo each would be a line in the machine's log, so there only
   * `verify()` looks.
   */
  #remember(rules: IptablesRules): void {
    this.#open.add(rules);
    if (this.#options.privileges.kind !== 'root') return;
    this.#watch ??= setInterval(() => void this.#look(), watchEveryMs).unref();
  }

  #forget(rules: IptablesRules): void {
    if (!this.#open.delete(rules)) return;
    this.#idle.give();
    if (this.#open.size > 0) return;
    clearInterval(this.#watch);
    this.#watch = undefined;
  }

  async #look(): Promise<void> {
    const seen = [...this.#open].map((rules) => ({ rules, version: rules.version }));
    const saved = await this.save();
    for (const { rules, version } of seen)
      if (this.#open.has(rules)) await rules.restoreFrom(saved, version).catch(() => false);
  }

  #retire(): void {
    if (this.#holder === undefined || this.#holder.isBusy) return;
    this.#holder.retire();
    this.#holder = undefined;
  }

  #openHolder(): Holder {
    const holder = new Holder({
      ...this.#options,
      hold: iptablesLoop,
      // The guardian takes the guard, and tidies.
      release: 'lhf_take_out lhf-"$NONCE" nat filter || lhf_take_out lhf-"$NONCE" nat filter',
      // Rules stay when their keeper is killed alone, and need another for the day this process is.
      onLost: () => {
        if (this.#open.size > 0 && holder.hasAnswered) this.#holder = this.#openHolder();
      },
    });
    return holder;
  }

  /** @throws LHF_ERR_RULES with iptables' own words. */
  async ask(verb: 'apply' | 'remove', lines: readonly string[], failure: string): Promise<void> {
    const startedAt = performance.now();
    if (this.#holder === undefined || this.#holder.isLost) this.#holder = this.#openHolder();
    const { text, code } = await this.#holder
      .ask([verb, ...lines, 'END', ''].join('\n'), readAnswer)
      .catch((error: unknown) => ({ text: String(error), code: 1 }));
    debug(`iptables ${verb} ${lines.join('; ')}: ${code === 0 ? 'done' : text}`, startedAt);
    if (code === 0) return;
    const [first = 'it gave no reason'] = text.split('\n');
    throw new LocalhostForwardError(
      'LHF_ERR_RULES',
      { what: `The iptables rules ${failure}: ${first}`, try: 'localhost-forward doctor' },
      { strategy: 'iptables', command: ['iptables-restore --noflush', ...lines].join('\n'), stderr: text },
    );
  }

  /** One chain's rules with their counters: the whole table may have many thousands of somebody else's. */
  async listTranslations(chain: string): Promise<string> {
    const argv = ['iptables', '-w', '5', '-t', 'nat', '-v', '-S', chain] as const;
    return (await this.#options.privileges.run(argv)).stdout;
  }

  async save(): Promise<string> {
    return (await this.#options.privileges.run(['iptables-save', '-c'])).stdout;
  }
}

class IptablesRules implements InstalledRules {
  readonly #plan: RulesPlan;
  readonly #strategy: IptablesStrategy;
  readonly #forget: () => void;
  readonly #ports: Map<string, Translation>;
  #released = false;
  /** Changes with each request: a listing made before it tells nothing. */
  version = 0;

  constructor(plan: RulesPlan, strategy: IptablesStrategy, forget: () => void) {
    this.#plan = plan;
    this.#strategy = strategy;
    this.#forget = forget;
    this.#ports = new Map(plan.ports.map((port) => [keyOf(port), port]));
  }

  async apply(): Promise<void> {
    const plan = { ...this.#plan, ports: [...this.#ports.values()] };
    await this.#strategy.ask('apply', renderRestore(plan), `could not be put in for ${plan.names.bridge}`);
  }

  async add(port: Translation): Promise<void> {
    this.version += 1;
    await this.#strategy.ask(
      'apply',
      renderAddPort(this.#plan.names, port),
      `could not be put in for port ${keyOf(port)}`,
    );
    this.#ports.set(keyOf(port), port);
    this.version += 1;
  }

  async remove(port: Translation): Promise<void> {
    this.version += 1;
    this.#ports.delete(keyOf(port));
    if (!(await this.isPresent(port))) return;
    await this.#strategy.ask(
      'apply',
      renderRemovePort(this.#plan.names, port),
      `could not be removed for port ${keyOf(port)}`,
    );
  }

  async hits(port: Translation) {
    const saved = await this.#strategy.save();
    const [nat, raw] = [tableOf(saved, 'nat'), tableOf(saved, 'raw')];
    const connections = parseCounters(nat, this.#plan.names.chain, port);
    const traffic = parseCounters(raw, this.#plan.names.chain, port);
    return { connections: connections?.packets ?? 0, packets: traffic?.packets ?? 0, bytes: traffic?.bytes ?? 0 };
  }

  async proofs(): Promise<Map<string, Proofs>> {
    return parseProofs(await this.#strategy.listTranslations(this.#plan.names.chain));
  }

  async isPresent(port: Translation): Promise<boolean> {
    return this.#missing(await this.#strategy.save(), [port]).length === 0;
  }

  async restore(): Promise<boolean> {
    const { version } = this;
    return this.restoreFrom(await this.#strategy.save(), version);
  }

  /** Puts back what a listing, made at that version of these rules, lacks. */
  async restoreFrom(saved: string, version: number): Promise<boolean> {
    const missing = this.#missing(saved, [...this.#ports.values()]);
    if (missing.length === 0 || version !== this.version || saved === '') return false;
    const plan = { ...this.#plan, ports: [...this.#ports.values()] };
    const lines = missing.flatMap((table) =>
      renderTable(table, plan, { hasJump: this.#hasJump(tableOf(saved, table)) }),
    );
    await this.#strategy.ask('apply', lines, `that somebody took away could not be put back for ${plan.names.bridge}`);
    process.emitWarning(`somebody took iptables rules of ${plan.names.bridge} away; they are back`, {
      type: 'LocalhostForwardWarning',
      code: 'LHF_WARN_RULES',
    });
    return true;
  }

  #missing(saved: string, ports: readonly Translation[]): ('raw' | 'nat')[] {
    const { chain } = this.#plan.names;
    const [nat, raw] = [tableOf(saved, 'nat'), tableOf(saved, 'raw')];
    const guards = [`-A ${chain} -d 127.0.0.0/8 -j DROP`, `-A ${chain} -s 127.0.0.0/8 -j DROP`];
    const isRawWhole = this.#hasJump(raw) && guards.every((rule) => raw.includes(rule));
    const isNatWhole = this.#hasJump(nat) && ports.every((port) => parseCounters(nat, chain, port) !== undefined);
    return [...(isRawWhole ? [] : (['raw'] as const)), ...(isNatWhole ? [] : (['nat'] as const))];
  }

  #hasJump(part: string): boolean {
    return part.includes(`-j ${this.#plan.names.chain}\n`);
  }

  async release(): Promise<void> {
    if (this.#released) return;
    this.version += 1;
    this.#forget();
    await this.#strategy.ask(
      'remove',
      [`${this.#plan.names.bridge} nat filter raw`],
      `could not be removed for ${this.#plan.names.bridge}`,
    );
    this.#released = true;
  }
}

const readAnswer: AnswerReader<{ text: string; code: number }> = (received) => {
  const found = /^lhf-answered \d+ (\d+)\n/m.exec(received);
  if (found === null) return undefined;
  return {
    answer: { text: received.slice(0, found.index).trim(), code: Number(found[1]) },
    rest: received.slice(found.index + found[0].length),
  };
};
