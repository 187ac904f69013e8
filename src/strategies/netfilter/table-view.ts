import type { Privileges } from '../../privilege/privileges.ts';
import type { Hits } from '../../types.ts';
import type { PortMapping, Proofs } from '../strategy.ts';
import type { BridgeRulesView } from './bridge-rules.ts';
import { countOf, guards, parseElements, type ListedElement } from './listing.ts';
import type { ProcessTables } from './process-rules.ts';

/** Looks at one bridge in the tables of its process, whichever process that is. Only what is ours is listed. */
export class TableView implements BridgeRulesView {
  readonly #tables: ProcessTables;
  readonly #bridge: string;
  readonly #privileges: Privileges;

  constructor(tables: ProcessTables, bridge: string, privileges: Privileges) {
    this.#tables = tables;
    this.#bridge = bridge;
    this.#privileges = privileges;
  }

  async hits(ports: readonly PortMapping[]): Promise<Hits[]> {
    const [connections, traffic] = await Promise.all([
      this.#elements('set', 'connections'),
      this.#elements('set', 'traffic'),
    ]);
    return ports.map((port) => ({ connections: countOf(connections, port).packets, ...countOf(traffic, port) }));
  }

  async proofs(): Promise<ReadonlyMap<string, Proofs>> {
    const [counted, translations] = await Promise.all([
      this.#elements('set', 'proofs'),
      this.#elements('map', 'ports'),
    ]);
    return new Map(
      [...translations].map(([key, { targetPort }]) => [key, { packets: counted.get(key)?.packets ?? 0, targetPort }]),
    );
  }

  async isPresent(port: PortMapping): Promise<boolean> {
    const [translations, guarded] = await Promise.all([this.#elements('map', 'ports'), this.isGuarded()]);
    return guarded && translations.has(`${port.protocol}/${port.containerPort}`);
  }

  /** Whether the guard stands that outlives the process: the owned one stands while the process does. */
  async isGuarded(): Promise<boolean> {
    return guards(await this.#list('table', this.#tables.guard), this.#bridge);
  }

  async #elements(kind: 'set' | 'map', name: string): Promise<ReadonlyMap<string, ListedElement>> {
    return parseElements(await this.#list(kind, this.#tables.owned, name), this.#bridge);
  }

  async #list(kind: 'table' | 'set' | 'map', ...name: readonly string[]): Promise<string> {
    return (await this.#privileges.run(['nft', 'list', kind, 'ip', ...name])).stdout;
  }
}
