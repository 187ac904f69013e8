import type { CommandResult } from '../../../command/run.ts';
import type { Privileges } from '../../../privilege/privileges.ts';
import { baseChain, bridgeChainOf, nonceOf, sessionChainOf, sharedChain, type TableName, type WayIn } from './rules.ts';
import { isAbsent, notCounted, notSeen } from '../../listed.ts';
import { guards, parseChain, parseJumps, parseWayIn, type ListedChain, type ListedRule } from './listing.ts';

/** Looks at chains of ours, one at a time: never at a whole table. */
export class ChainLook {
  readonly #privileges: Privileges;
  readonly #isSure: boolean;

  constructor(privileges: Privileges, { isSure = false } = {}) {
    this.#privileges = privileges;
    this.#isSure = isSure;
  }

  /** The same, that takes no refusal for a chain that is gone. Whoever only tries what may be refused does without. @throws LHF_ERR_RULES */
  get sure(): ChainLook {
    return new ChainLook(this.#privileges, { isSure: true });
  }

  /** What leads to a process's chain now. */
  async wayIn(table: TableName, nonce: string): Promise<WayIn> {
    const [base, shared] = await Promise.all([this.#list(table, baseChain), this.#list(table, sharedChain)]);
    return parseWayIn(base ?? '', shared, nonce);
  }

  /** What a process's chain leads to, and whether it guards. */
  async process(table: TableName, nonce: string): Promise<{ bridges: readonly string[]; guards: boolean }> {
    const listing = (await this.#list(table, sessionChainOf({ nonce }))) ?? '';
    return { bridges: parseJumps(listing), guards: guards(listing) };
  }

  async rules(table: TableName, bridge: string): Promise<readonly ListedRule[]> {
    return (await this.chain(table, bridge)).rules;
  }

  /** A bridge's own chain: its rules for ports, and how many rules of any kind it has. */
  async chain(table: TableName, bridge: string): Promise<ListedChain> {
    return parseChain((await this.#list(table, bridgeChainOf(bridge), ['-v'])) ?? '');
  }

  /** The same of a chain whose counts are asked for. @throws LHF_ERR_RULES where it cannot be read, as where it is gone */
  async counted(table: TableName, bridge: string): Promise<readonly ListedRule[]> {
    const listed = await this.#run(table, bridgeChainOf(bridge), ['-v']);
    if (listed.exitCode !== 0) throw notCounted(bridge, listed);
    return parseChain(listed.stdout).rules;
  }

  /** Whether packets of a bridge come to its own chain. */
  async isLed(table: TableName, bridge: string): Promise<boolean> {
    const nonce = nonceOf(bridge);
    const [{ doors, ways }, { bridges }] = await Promise.all([this.wayIn(table, nonce), this.process(table, nonce)]);
    return doors.length > 0 && ways.length > 0 && bridges.includes(bridge);
  }

  /** Undefined where the chain is not there. */
  async #list(table: TableName, chain: string, options: readonly string[] = []): Promise<string | undefined> {
    const listed = await this.#run(table, chain, options);
    if (this.#isSure && listed.exitCode !== 0 && !isAbsent(listed)) throw notSeen(`${chain} in table ${table}`, listed);
    return listed.exitCode === 0 ? listed.stdout : undefined;
  }

  #run(table: TableName, chain: string, options: readonly string[]): Promise<CommandResult> {
    return this.#privileges.run(['iptables', '-w', '5', '-t', table, ...options, '-S', chain]);
  }
}
