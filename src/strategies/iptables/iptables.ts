import { debug } from '../../command/debug.ts';
import { LocalhostForwardError } from '../../errors.ts';
import { Holder, type AnswerReader, type HolderOptions } from '../../lifecycle/holder.ts';

import { keyOf, type InstalledRules, type RulesPlan, type RulesStrategy, type Translation } from '../strategy.ts';
import { parseCounters } from './parse.ts';
import { iptablesLoop } from './program.ts';
import { renderAddPort, renderRemovePort, renderRestore } from './rules.ts';

/** Kernel DNAT by iptables: the holder's shell writes all rules, one after the other, and takes them out when the process is gone. */
export class IptablesStrategy implements RulesStrategy {
  readonly name = 'iptables';
  readonly #options: Omit<HolderOptions, 'hold' | 'release' | 'onLost'>;
  #holder: Holder | undefined;

  constructor(options: Omit<HolderOptions, 'hold' | 'release' | 'onLost'>) {
    this.#options = options;
  }

  async install(plan: RulesPlan): Promise<InstalledRules> {
    const rules = new IptablesRules(plan, this);
    try {
      await rules.apply();
    } catch (error) {
      // Atomic per table only: what went in before the refusal comes out.
      await rules.release().catch(() => undefined);
      throw error;
    }
    return rules;
  }

  /** @throws LHF_ERR_RULES with iptables' own words. */
  async ask(verb: 'apply' | 'remove', lines: readonly string[], failure: string): Promise<void> {
    const startedAt = performance.now();
    if (this.#holder === undefined || this.#holder.isLost) {
      this.#holder = new Holder({ ...this.#options, hold: iptablesLoop, release: 'lhf_remove lhf-"$NONCE" nat filter raw', onLost: () => undefined });
    }
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

  async save(table: string): Promise<string> {
    return (await this.#options.privileges.run(['iptables-save', '-c', '-t', table])).stdout;
  }
}

class IptablesRules implements InstalledRules {
  readonly #plan: RulesPlan;
  readonly #strategy: IptablesStrategy;
  readonly #ports: Map<string, Translation>;
  #released = false;

  constructor(plan: RulesPlan, strategy: IptablesStrategy) {
    this.#plan = plan;
    this.#strategy = strategy;
    this.#ports = new Map(plan.ports.map((port) => [keyOf(port), port]));
  }

  async apply(): Promise<void> {
    const plan = { ...this.#plan, ports: [...this.#ports.values()] };
    await this.#strategy.ask('apply', renderRestore(plan), `could not be put in for ${plan.names.bridge}`);
  }

  async add(port: Translation): Promise<void> {
    await this.#strategy.ask('apply', renderAddPort(this.#plan.names, port), `could not be put in for port ${keyOf(port)}`);
    this.#ports.set(keyOf(port), port);
  }

  async remove(port: Translation): Promise<void> {
    this.#ports.delete(keyOf(port));
    if (!(await this.isPresent(port))) return;
    await this.#strategy.ask('apply', renderRemovePort(this.#plan.names, port), `could not be removed for port ${keyOf(port)}`);
  }

  async hits(port: Translation) {
    const [nat, raw] = await Promise.all([this.#strategy.save('nat'), this.#strategy.save('raw')]);
    const connections = parseCounters(nat, this.#plan.names.chain, port);
    const traffic = parseCounters(raw, this.#plan.names.chain, port);
    return { connections: connections?.packets ?? 0, packets: traffic?.packets ?? 0, bytes: traffic?.bytes ?? 0 };
  }

  async isPresent(port: Translation): Promise<boolean> {
    const { chain } = this.#plan.names;
    const [nat, raw] = await Promise.all([this.#strategy.save('nat'), this.#strategy.save('raw')]);
    const jumps = (saved: string): boolean => saved.includes(`-j ${chain}\n`);
    return jumps(nat) && jumps(raw) && raw.includes(`-A ${chain} -d 127.0.0.0/8 -j DROP`) && parseCounters(nat, chain, port) !== undefined;
  }

  async release(): Promise<void> {
    if (this.#released) return;
    await this.#strategy.ask('remove', [`${this.#plan.names.bridge} nat filter raw`], `could not be removed for ${this.#plan.names.bridge}`);
    this.#released = true;
  }
}

const readAnswer: AnswerReader<{ text: string; code: number }> = (received) => {
  const found = /^lhf-answered \d+ (\d+)\n/m.exec(received);
  if (found === null) return undefined;
  return { answer: { text: received.slice(0, found.index).trim(), code: Number(found[1]) }, rest: received.slice(found.index + found[0].length) };
};
