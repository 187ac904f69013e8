import { LocalhostForwardError } from '../../../errors.ts';
import {
  addingPort,
  changed,
  differing,
  disturbingPort,
  knowingProbes,
  puttingIn,
  removingPort,
  takingOut,
  type BridgeChange,
} from '../bridge-changes.ts';
import { GroupCommit } from '../group-commit.ts';
import {
  elementsOf,
  renderChange,
  renderGuardTable,
  renderOwnedTable,
  renderRemoval,
  type TabledBridge,
  type Elements,
  type PortRule,
  type ProbeRule,
  type TableNames,
} from './rules.ts';

/** One ordered stream of transactions whose owned tables live as long as it does. */
export interface NftStream {
  /** Runs commands as one transaction; resolves to what nft had to say against it: nothing when all of it is in. `onSent`: it is written. */
  transact(commands: readonly string[], onSent?: () => void): Promise<string>;
}

interface Change extends BridgeChange<TabledBridge> {
  /** Whether the guard beside the owned table is made anew before. */
  readonly replacesGuard?: boolean;
}

export interface OpenOptions {
  /** False where iptables translates, and these tables guard and count. */
  readonly translates: boolean;
  readonly probe: ProbeRule;
  readonly isHermetic: boolean;
  /** Called when the request is on its way. */
  readonly onSent: () => void;
}

type State = ReadonlyMap<string, TabledBridge>;

/**
 * What all forwards of one process have in nftables: each change is the difference between the elements before and after, in one
 * transaction. The first bridge brings the tables, the last one out takes them.
 */
export class SessionTables {
  readonly #tables: TableNames;
  readonly #stream: () => NftStream;
  #state: State = new Map();
  #isIn = false;
  /** Whether a stream was lost before it answered: what it was asked for may be in. */
  #mayBeIn = false;
  readonly #changes = new GroupCommit<Change>({
    commit: (changes, onSent) => this.#transact(changes, onSent),
    refused: (change, words) => this.#retry(change, words),
  });

  /** `stream` gives the stream as it is now: another one when the last was lost. */
  constructor(tables: TableNames, stream: () => NftStream) {
    this.#tables = tables;
    this.#stream = stream;
  }

  /** Those that are guarded now. */
  get bridges(): readonly string[] {
    return [...this.#state.keys()];
  }

  /** Whether there should be a table and is none, since its stream was lost and has not been replaced. */
  get isLost(): boolean {
    return !this.#isIn && this.#state.size > 0;
  }

  /**
   * Guards a bridge, which need not exist yet, and translates its ports where iptables does not.
   *
   * @throws LHF_ERR_RULES with nft's own words.
   */
  open(bridge: string, ports: readonly PortRule[], { onSent, ...rules }: OpenOptions): Promise<void> {
    return this.#changes.submit(puttingIn<TabledBridge>(bridge, { ports, ...rules }), onSent);
  }

  /** Takes a bridge out: `route_localnet` must be off by then, or the bridge gone. Idempotent. @throws LHF_ERR_RULES */
  close(bridge: string): Promise<void> {
    return this.#changes.submit(takingOut(bridge));
  }

  /** @throws LHF_ERR_RULES */
  addPort(bridge: string, port: PortRule): Promise<void> {
    return this.#changes.submit(addingPort(bridge, port));
  }

  /** What is established by it goes no further, either. @throws LHF_ERR_RULES */
  removePort(bridge: string, port: PortRule): Promise<void> {
    return this.#changes.submit(removingPort(bridge, port));
  }

  /** Cuts or slows a port of those that are there, or brings it back. @throws LHF_ERR_RULES */
  disturbPort(bridge: string, port: PortRule, fault: Pick<PortRule, 'cut' | 'classId'>): Promise<void> {
    return this.#changes.submit(disturbingPort(bridge, port, fault));
  }

  /** Knows our probes by their address, and where ports lead for them. @throws LHF_ERR_RULES */
  setProbe(bridge: string, probe: ProbeRule): Promise<void> {
    return this.#changes.submit(knowingProbes(bridge, probe));
  }

  /** Puts the guard back that others can flush, the one beside the owned table. @throws LHF_ERR_RULES */
  async restoreGuard(): Promise<void> {
    const [bridge] = this.bridges;
    if (bridge === undefined) return;
    const what = 'that somebody took away could not be put back';
    await this.#changes.submit({ bridge, what, update: (now) => now, replacesGuard: true });
  }

  /** Puts in again what was there when the stream was lost, and the owned table with it. @throws LHF_ERR_RULES */
  async restoreAll(): Promise<void> {
    this.#isIn = false;
    const [bridge] = this.bridges;
    if (bridge === undefined) return;
    await this.#changes.submit({ bridge, what: 'could not be put back', update: (now) => now });
  }

  /** Others can take the guard beside the owned table, and then no element of it can come or go; or one stands of which nothing is known. */
  async #retry(change: Change, answer: string): Promise<Error | undefined> {
    if (/File exists/.test(answer)) this.#mayBeIn = true;
    const again = /No such file or directory|File exists/.test(answer)
      ? await this.#transact([{ ...change, replacesGuard: this.#isIn }])
      : answer;
    return again === '' ? undefined : this.#error(change, again);
  }

  async #transact(changes: readonly Change[], onSent?: () => void): Promise<string> {
    const after = changed(this.#state, changes);
    const guard = changes.some(({ replacesGuard }) => replacesGuard) ? this.#renderGuardAnew(this.#state) : [];
    const commands = [...guard, ...this.#plan(after, new Set(changes.map(({ bridge }) => bridge)))];
    const answer = commands.length === 0 ? '' : await this.#say(commands, onSent);
    if (answer !== '') return answer;
    this.#state = after;
    this.#isIn = after.size > 0;
    return '';
  }

  async #say(commands: readonly string[], onSent?: () => void): Promise<string> {
    return this.#stream()
      .transact(commands, onSent)
      .catch((error: unknown) => {
        this.#mayBeIn = true;
        return String(error);
      });
  }

  #plan(after: State, touched: ReadonlySet<string>): string[] {
    if (after.size === 0) return this.#isIn || this.#mayBeIn || this.#state.size > 0 ? renderRemoval(this.#tables) : [];
    if (this.#isIn) {
      const [had, has] = differing(this.#state, after, touched);
      return renderChange(this.#tables, this.#elementsOf(had), this.#elementsOf(has));
    }
    const all = this.#elementsOf(after);
    const guard = renderGuardTable(this.#tables, { replaces: this.#mayBeIn || this.#state.size > 0 });
    return [...guard, ...renderOwnedTable(this.#tables), ...renderChange(this.#tables, new Map(), all)];
  }

  #elementsOf(state: State): Elements {
    return new Map([...state].flatMap(([bridge, rules]) => [...elementsOf(this.#tables, bridge, rules)]));
  }

  #renderGuardAnew(state: State): string[] {
    const elements = [...this.#elementsOf(state)];
    const ofGuard = elements.filter(([key]) => key.startsWith(`ip ${this.#tables.guard} `));
    return [
      ...renderGuardTable(this.#tables, { replaces: true }),
      ...renderChange(this.#tables, new Map(), new Map(ofGuard)),
    ];
  }

  #error({ what, bridge, update }: Change, answer: string): LocalhostForwardError {
    const rules = this.#state.get(bridge) ?? update(undefined);
    const [first = answer] = answer.split('\n');
    const advice = /not permitted|a password is required|sudo/i.test(answer)
      ? 'sudo -n nft list tables'
      : 'localhost-forward doctor';
    return new LocalhostForwardError(
      'LHF_ERR_RULES',
      { what: `The nftables rules ${what}: ${first}`, try: advice },
      { strategy: rules?.translates === false ? 'iptables' : 'nftables', stderr: answer },
    );
  }
}
