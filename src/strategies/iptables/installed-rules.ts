import { keyOf, type InstalledRules, type Proofs, type RulesPlan, type Translation } from '../strategy.ts';
import type { Guard } from '../guard/guard.ts';
import type { IptablesStrategy } from './iptables.ts';
import { parseCounters, parseProofs, tableOf } from './parse.ts';
import { renderAddPort, renderRemovePort, renderRestore, renderTable } from './rules.ts';

/** The rules of one bridge, by way of its process's strategy: what is in, what is missing, and what puts it back. */
export class IptablesRules implements InstalledRules {
  readonly #plan: RulesPlan;
  readonly #strategy: IptablesStrategy;
  readonly #forget: () => void;
  readonly #ports: Map<string, Translation>;
  #released = false;
  /** Beside the one in iptables' own table, where the host has owned tables. */
  guard: Guard | undefined;
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
    const saved = (await this.#strategy.save()) ?? '';
    const [nat, raw] = [tableOf(saved, 'nat'), tableOf(saved, 'raw')];
    const connections = parseCounters(nat, this.#plan.names.chain, port);
    const traffic = parseCounters(raw, this.#plan.names.chain, port);
    return { connections: connections?.packets ?? 0, packets: traffic?.packets ?? 0, bytes: traffic?.bytes ?? 0 };
  }

  async proofs(): Promise<Map<string, Proofs>> {
    return parseProofs(await this.#strategy.listTranslations(this.#plan.names.chain));
  }

  async isPresent(port: Translation): Promise<boolean> {
    return this.#missing((await this.#strategy.save()) ?? '', [port]).length === 0;
  }

  async restore(): Promise<boolean> {
    const { version } = this;
    const saved = await this.#strategy.save();
    const isBack = saved !== undefined && (await this.restoreFrom(saved, version));
    return (await this.guard?.restore()) === true || isBack;
  }

  /** Puts back what a listing, made at that version of these rules, lacks. */
  async restoreFrom(saved: string, version: number): Promise<boolean> {
    const missing = this.#missing(saved, [...this.#ports.values()]);
    if (missing.length === 0 || version !== this.version) return false;
    const plan = { ...this.#plan, ports: [...this.#ports.values()] };
    const lines = missing.flatMap((table) =>
      renderTable(table, plan, { hasJump: this.#hasJump(tableOf(saved, table)) }),
    );
    await this.#strategy.ask('apply', lines, `that somebody took away could not be put back for ${plan.names.bridge}`);
    await this.guard?.restore();
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
    const { bridge } = this.#plan.names;
    const results = await Promise.allSettled([
      this.#strategy.ask('remove', [`${bridge} nat filter raw`], `could not be removed for ${bridge}`),
      this.guard?.release(),
    ]);
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    this.#released = true;
  }
}
