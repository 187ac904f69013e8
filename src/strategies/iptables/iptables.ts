import { debug } from '../../command/debug.ts';
import { LocalhostForwardError } from '../../errors.ts';
import { Holder, type AnswerReader, type HolderOwner } from '../../lifecycle/holder.ts';
import { IdleEnd } from '../../lifecycle/idle-end.ts';
import type { Names } from '../../plan/names.ts';
import { putGuard } from '../guard/guard.ts';
import { OwnedTables } from '../nftables/owned-tables.ts';
import type { AttachedRules, InstalledRules, RulesPlan, RulesStrategy } from '../strategy.ts';
import { IptablesRules } from './installed-rules.ts';
import { iptablesLoop } from './program.ts';

/** How often rules are looked for while a forward is open, in milliseconds. */
const watchEveryMs = 2_000;

/**
 * Kernel DNAT by iptables: the holder's shell writes all rules, one after the other, and takes them out when the process is gone.
 * Anybody may flush those. So where the host has owned nft tables, the guard is in one of them as well, with a holder of its own, which
 * then is the one that starts the guardian: the guard is the note that a network may be under way.
 */
export class IptablesStrategy implements RulesStrategy {
  readonly name = 'iptables';
  readonly #owner: HolderOwner;
  readonly #guards: OwnedTables | undefined;
  readonly #open = new Set<IptablesRules>();
  readonly #idle = new IdleEnd(() => this.#retire());
  #holder: Holder | undefined;
  #watch: NodeJS.Timeout | undefined;

  constructor(owner: HolderOwner, { hasOwnedTables }: { hasOwnedTables: boolean }) {
    this.#owner = owner;
    this.#guards = hasOwnedTables ? new OwnedTables('iptables', owner) : undefined;
  }

  async install(plan: RulesPlan): Promise<InstalledRules> {
    this.#idle.take();
    const rules = new IptablesRules(plan, this, () => this.#forget(rules));
    // Both requests are with their holders at once, whenever this process dies.
    const [guard, applied] = await Promise.allSettled([
      this.#guards === undefined ? undefined : putGuard(this.#guards, plan.names, plan.session),
      rules.apply(),
    ]);
    if (guard.status === 'fulfilled') rules.guard = guard.value;
    const failed = [guard, applied].find((result) => result.status === 'rejected');
    if (failed !== undefined) {
      // Atomic per table only: what went in before the refusal comes out.
      await rules.release().catch(() => undefined);
      this.#idle.give();
      throw failed.reason;
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
   * `verify()` looks: the forward is broken until then, and the owned guard stands.
   */
  #remember(rules: IptablesRules): void {
    this.#open.add(rules);
    if (this.#owner.privileges.kind !== 'root') return;
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
    if (saved === undefined) return;
    for (const { rules, version } of seen)
      if (this.#open.has(rules)) await rules.restoreFrom(saved, version).catch(() => false);
  }

  #retire(): void {
    if (this.#holder?.isBusy === true || this.#guards?.isBusy === true) return;
    this.#holder?.retire();
    this.#holder = undefined;
    this.#guards?.retire();
  }

  #openHolder(): Holder {
    const holder = new Holder({
      ...this.#owner,
      hold: iptablesLoop,
      // The guardian takes the guard, and tidies. With another guard in place, and a guardian that does not wait for this shell, all goes.
      ...(this.#guards === undefined
        ? { release: 'lhf_take_out lhf-"$NONCE" nat filter || lhf_take_out lhf-"$NONCE" nat filter' }
        : { release: 'lhf_remove lhf-"$NONCE" nat filter raw', startsGuardian: false }),
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
    return (await this.#owner.privileges.run(argv)).stdout;
  }

  /** What iptables has now, which is nothing after `nft flush ruleset`; undefined where it could not be asked. */
  async save(): Promise<string | undefined> {
    const { stdout, exitCode } = await this.#owner.privileges.run(['iptables-save', '-c']);
    return exitCode === 0 ? stdout : undefined;
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
