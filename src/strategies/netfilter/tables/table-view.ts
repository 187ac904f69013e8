import type { CommandResult } from '../../../command/run.ts';
import type { Privileges } from '../../../privilege/privileges.ts';
import type { Hits } from '../../../types.ts';
import { isAbsent, notCounted, notSeen } from '../../listed.ts';
import type { PortMapping, Proofs } from '../../strategy.ts';
import type { BridgeRulesView } from '../bridge-rules.ts';
import { countOf, guards, parseElements, partOf, type ListedElement } from './listing.ts';
import type { TableNames } from './rules.ts';

/** Looks at one bridge in the tables of its process, whichever process that is. Only what is ours is listed. */
export class TableView implements BridgeRulesView {
  readonly #tables: TableNames;
  readonly #bridge: string;
  readonly #privileges: Privileges;

  constructor(tables: TableNames, bridge: string, privileges: Privileges) {
    this.#tables = tables;
    this.#bridge = bridge;
    this.#privileges = privileges;
  }

  async hits(ports: readonly PortMapping[]): Promise<Hits[]> {
    const listed = await this.#run(this.#tables.owned);
    if (listed.exitCode !== 0) throw notCounted(this.#bridge, listed);
    const [attempts, accepted, traffic] = this.#elementsOf(
      listed.stdout,
      'set attempts',
      'set connections',
      'set traffic',
    );
    return ports.map((port) => {
      const [tried, connections] = [countOf(attempts, port), countOf(accepted, port)];
      return { attempts: tried.packets, connections: connections.packets, ...countOf(traffic, port) };
    });
  }

  async proofs(): Promise<ReadonlyMap<string, Proofs>> {
    const [counted, translations] = await this.#elements('set proofs', 'map ports');
    return new Map(
      [...translations].map(([key, { targetPort }]) => [key, { packets: counted.get(key)?.packets ?? 0, targetPort }]),
    );
  }

  async isPresent(port: PortMapping): Promise<boolean> {
    const [[translations], guarded] = await Promise.all([this.#elements('map ports'), this.isGuarded()]);
    return guarded && translations.has(`${port.protocol}/${port.containerPort}`);
  }

  /** Whether the guard stands that outlives the process: the owned one stands while the process does. */
  async isGuarded(): Promise<boolean> {
    return guards(await this.#list(this.#tables.guard), this.#bridge);
  }

  /** Of sets and maps of the owned table, such as `map ports`: all by one program. */
  async #elements<Names extends readonly string[]>(
    ...names: Names
  ): Promise<{ [N in keyof Names]: ReadonlyMap<string, ListedElement> }> {
    return this.#elementsOf(await this.#list(this.#tables.owned), ...names);
  }

  #elementsOf<Names extends readonly string[]>(
    listing: string,
    ...names: Names
  ): { [N in keyof Names]: ReadonlyMap<string, ListedElement> } {
    const read = (name: string): ReadonlyMap<string, ListedElement> =>
      parseElements(partOf(listing, name), this.#bridge);
    return names.map(read) as { [N in keyof Names]: ReadonlyMap<string, ListedElement> };
  }

  /** Empty where there is no such table. @throws LHF_ERR_RULES where that is not known */
  async #list(table: string): Promise<string> {
    const listed = await this.#run(table);
    if (listed.exitCode === 0 || isAbsent(listed)) return listed.stdout;
    throw notSeen(this.#bridge, listed);
  }

  // The whole table: of several objects in one command, nft 1.0.6 finds the last one only.
  #run(table: string): Promise<CommandResult> {
    return this.#privileges.run(['nft', 'list', 'table', 'ip', table]);
  }
}
