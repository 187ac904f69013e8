import {
  addingPort,
  changed,
  differing,
  knowingProbes,
  puttingIn,
  removingPort,
  takingOut,
  type BridgeChange,
} from '../bridge-changes.ts';
import { GroupCommit } from '../group-commit.ts';
import type { PortRule, ProbeRule } from '../tables/rules.ts';
import {
  deletionsIn,
  renderAnew,
  renderChange,
  renderLastOut,
  wayAlone,
  type ChainedBridge,
  type ChainedBridges,
  type ChainOwner,
  type Deletions,
  type TableName,
  type WayIn,
} from './rules.ts';
import type { RestoreRequest } from './iptables-holder.ts';
import { missingIn, type ChainSight } from './missing.ts';
import { rulesRefused } from './rules-refused.ts';

/** Whoever writes iptables rules, in order. */
export interface RestoreStream {
  /** Resolves to what was said against it: nothing when all of it is in. */
  restore(request: RestoreRequest, onSent?: () => void): Promise<string>;
}

interface Change extends BridgeChange<ChainedBridge> {
  /** Asks for a look at what is there, and is told whether something was missing. */
  readonly onLooked?: (isMissing: boolean) => void;
  /** The look came to nothing: what is missing is not known, and nothing is made anew. */
  readonly onBlind?: (why: unknown) => void;
}

/** What is asked for together. */
interface Request {
  readonly changes: readonly Change[];
  /** To be called when it is written. */
  readonly onSent?: () => void;
}

/** Who hears of rules that go, whoever took them. */
export interface Witness {
  /** These are about to go by our own doing. */
  expect(deletions: Deletions): void;
  /** They were not taken after all. */
  unexpect(deletions: Deletions): void;
}

export interface SessionChainsOptions {
  readonly owner: ChainOwner;
  readonly tables: readonly TableName[];
  /** The stream as it is now: another one when the last was lost. */
  readonly stream: () => RestoreStream;
  readonly sight: ChainSight;
  /** For what is done only where something is known to be gone. Default: the same. */
  readonly sureSight?: ChainSight;
  readonly witness?: Witness;
}

/** How often the way in is looked at again, because others came or went meanwhile. */
const mostAttempts = 10;

/**
 * What all forwards of one process have in iptables. Each change is the difference of rules before and after, in one restore; the
 * first bridge brings the process's chains, the last one out takes them. Where that is refused, or something was taken away, all of them
 * are made anew.
 */
export class SessionChains {
  readonly #owner: ChainOwner;
  readonly #tables: readonly TableName[];
  readonly #stream: () => RestoreStream;
  readonly #sight: ChainSight;
  readonly #sureSight: ChainSight;
  readonly #witness: Witness | undefined;
  #state: ChainedBridges = new Map();
  /** Whether the chains are known to be as the state says: after a refusal they may be anything. */
  #isKnown = true;
  /** Whether another process was met in iptables, so that what all share may be there. */
  #metOthers = false;
  readonly #changes = new GroupCommit<Change>({
    commit: (changes, onSent) => this.#commit(changes, onSent),
    refused: (change, words) => this.#retry(change, words),
  });

  constructor({ owner, tables, stream, sight, sureSight = sight, witness }: SessionChainsOptions) {
    this.#owner = owner;
    this.#tables = tables;
    this.#stream = stream;
    this.#sight = sight;
    this.#sureSight = sureSight;
    this.#witness = witness;
  }

  /** Those that have chains now. */
  get bridges(): readonly string[] {
    return [...this.#state.keys()];
  }

  /** Translates ports of a bridge, which need not exist yet. @throws LHF_ERR_RULES with iptables' own words. */
  open(bridge: string, rules: ChainedBridge, onSent: () => void): Promise<void> {
    return this.#changes.submit(puttingIn(bridge, rules), onSent);
  }

  /** Takes a bridge out. Idempotent. @throws LHF_ERR_RULES */
  close(bridge: string): Promise<void> {
    return this.#changes.submit(takingOut(bridge));
  }

  /** @throws LHF_ERR_RULES */
  addPort(bridge: string, port: PortRule): Promise<void> {
    return this.#changes.submit(addingPort(bridge, port));
  }

  /** @throws LHF_ERR_RULES */
  removePort(bridge: string, port: PortRule): Promise<void> {
    return this.#changes.submit(removingPort(bridge, port));
  }

  /** Knows our probes by their address, and where ports lead for them. @throws LHF_ERR_RULES */
  setProbe(bridge: string, probe: ProbeRule): Promise<void> {
    return this.#changes.submit(knowingProbes(bridge, probe));
  }

  /** Looks at what a bridge has, puts all back where something is missing, and tells whether it was. @throws LHF_ERR_RULES */
  async repair(bridge: string): Promise<boolean> {
    let wasMissing = false;
    let blind: { why: unknown } | undefined;
    await this.#changes.submit({
      bridge,
      what: `that somebody took away could not be put back for ${bridge}`,
      update: (now) => now,
      onLooked: (isMissing) => (wasMissing = isMissing),
      onBlind: (why) => (blind = { why }),
    });
    if (blind !== undefined) throw blind.why;
    return wasMissing;
  }

  /** Changes come one group after the other, so that nothing of ours changes during a look. */
  async #commit(changes: readonly Change[], onSent: () => void): Promise<string> {
    const looking = changes.filter(({ bridge, onLooked }) => onLooked !== undefined && this.#state.has(bridge));
    const isMissing = await this.#look(looking);
    const after = changed(this.#state, changes);
    const isDifference = this.#isKnown && !isMissing && this.#state.size > 0 && after.size > 0;
    const isNothing = this.#isKnown && this.#state.size === 0 && after.size === 0;
    if (isNothing) return '';
    const words = await (isDifference
      ? this.#differ(after, { changes, onSent })
      : this.#makeAnew(after, { changes, onSent }, { isAsLeft: this.#isKnown && !isMissing }));
    if (words === '') for (const { onLooked } of looking) onLooked?.(isMissing);
    return words;
  }

  async #look(looking: readonly Change[]): Promise<boolean> {
    if (!this.#isKnown || looking.length === 0) return false;
    const bridges = looking.map(({ bridge }) => bridge);
    try {
      const missing = await Promise.all(
        this.#tables.map((table) => missingIn(table, this.#owner.nonce, this.#state, bridges, this.#sureSight)),
      );
      return missing.includes(true);
    } catch (error) {
      for (const { onBlind } of looking) onBlind?.(error);
      return false;
    }
  }

  /** What is not there cannot be changed: somebody may have flushed it. */
  async #retry(change: Change, words: string): Promise<Error | undefined> {
    const again = await this.#makeAnew(changed(this.#state, [change]), { changes: [change] });
    return again === '' ? undefined : rulesRefused(change.what, again || words);
  }

  async #differ(after: ChainedBridges, request: Request): Promise<string> {
    const [had, has] = differing(this.#state, after);
    const lines = this.#tables.flatMap((table) => renderChange(table, had, has, this.#owner));
    if (lines.length === 0) {
      // Nothing to write is still to be known: probes of a bridge that has no port yet have no rule.
      this.#state = after;
      return '';
    }
    const deletions = new Map(this.#tables.flatMap((table) => [...deletionsIn(table, had, has, this.#owner)]));
    this.#witness?.expect(deletions);
    const words = await this.#restore(after, request, lines);
    if (words !== '') this.#witness?.unexpect(deletions);
    return words;
  }

  async #makeAnew(after: ChainedBridges, request: Request, { isAsLeft = false } = {}): Promise<string> {
    const gone = request.changes.map(({ bridge }) => bridge).filter((bridge) => !after.has(bridge));
    // To look takes two programs a table. Where all should be as this process left it, a wrong guess costs no more: it is refused whole.
    let ways = isAsLeft && !this.#metOthers ? this.#guessWays() : await this.#lookAtWays();
    for (let attempt = 1; ; attempt += 1) {
      const lines = this.#tables.flatMap((table, n) => this.#renderAnew(table, after, gone, ways[n]));
      const words = await this.#restore(after, request, lines);
      // Where others were there meanwhile, the last of them may have gone at the same time.
      if (words === '' && after.size === 0 && ways.some(({ isOthersToo }) => isOthersToo)) await this.#takeShared();
      if (words === '' || attempt === mostAttempts) return words;
      // The last one of another process takes the chain that all share; the first one of another makes it.
      const now = await this.#lookAtWays();
      if (JSON.stringify(now) === JSON.stringify(ways)) return words;
      ways = now;
    }
  }

  #renderAnew(table: TableName, after: ChainedBridges, gone: readonly string[], way: WayIn | undefined): string[] {
    return renderAnew(table, after, gone, this.#owner, way ?? wayAlone(table, this.#owner, { isIn: false }));
  }

  /** What all processes share goes where none is left. Refused, somebody else came or went. */
  async #takeShared(): Promise<void> {
    for (let attempt = 1; attempt <= mostAttempts; attempt += 1) {
      const ways = await this.#lookAtWays();
      const lines = this.#tables.flatMap((table, n) => renderLastOut(table, ways[n]));
      if (lines.length === 0 || (await this.#stream().restore({ mayHave: [], have: [], lines }).catch(String)) === '')
        return;
    }
  }

  async #restore(after: ChainedBridges, { changes, onSent }: Request, lines: readonly string[]): Promise<string> {
    const mayHave = [...new Set([...this.#state.keys(), ...after.keys(), ...changes.map(({ bridge }) => bridge)])];
    const words = await this.#stream()
      .restore({ mayHave, have: [...after.keys()], lines }, onSent)
      .catch(String);
    this.#isKnown = words === '';
    if (words === '') this.#state = after;
    return words;
  }

  #guessWays(): WayIn[] {
    return this.#tables.map((table) => wayAlone(table, this.#owner, { isIn: this.#state.size > 0 }));
  }

  async #lookAtWays(): Promise<WayIn[]> {
    const ways = await Promise.all(this.#tables.map((table) => this.#sight.wayIn(table, this.#owner.nonce)));
    this.#metOthers = ways.some(({ isOthersToo }) => isOthersToo);
    return ways;
  }
}
