import { LocalhostForwardError } from '../../../errors.ts';
import { keyOf } from '../../strategy.ts';
import { GroupCommit } from '../group-commit.ts';
import type { PortRule, ProbeRule } from '../process-rules.ts';
import {
  renderAnew,
  renderChange,
  type ChainedBridge,
  type ChainedBridges,
  type ChainOwner,
  type TableName,
  type WayIn,
} from './chain-rules.ts';
import type { RestoreRequest } from './iptables-holder.ts';
import { missingIn, type ChainSight } from './missing.ts';

/** Whoever writes iptables rules, in order. */
export interface RestoreStream {
  /** Resolves to what was said against it: nothing when all of it is in. */
  restore(request: RestoreRequest): Promise<string>;
}

interface Change {
  readonly bridge: string;
  /** The bridge's rules from what they are when its turn comes; undefined: none. */
  readonly update: (now: ChainedBridge | undefined) => ChainedBridge | undefined;
  /** For an error: what could not be done. */
  readonly what: string;
  /** Called when the request is on its way. */
  readonly onSent?: () => void;
  /** Asks for a look at what is there, and is told whether something was missing. */
  readonly onLooked?: (isMissing: boolean) => void;
}

/** How often the way in is looked at again, because others came or went meanwhile. */
const mostAttempts = 10;

/**
 * What all forwards of one process have in iptables. Each change is the difference of rules before and after, in one restore; the
 * first bridge brings the process's chains, the last one out takes them. Where that is refused, or something was taken away, all of them
 * are made anew.
 */
export class ProcessChains {
  readonly #owner: ChainOwner;
  readonly #tables: readonly TableName[];
  readonly #stream: () => RestoreStream;
  readonly #sight: ChainSight;
  #state: ChainedBridges = new Map();
  /** Whether the chains are known to be as the state says: after a refusal they may be anything. */
  #isKnown = true;
  readonly #changes = new GroupCommit<Change>({
    commit: (changes) => this.#commit(changes),
    refused: (change, words) => this.#retry(change, words),
  });

  constructor(owner: ChainOwner, tables: readonly TableName[], stream: () => RestoreStream, sight: ChainSight) {
    this.#owner = owner;
    this.#tables = tables;
    this.#stream = stream;
    this.#sight = sight;
  }

  /** Those that have chains now. */
  get bridges(): readonly string[] {
    return [...this.#state.keys()];
  }

  /** Translates ports of a bridge, which need not exist yet. @throws LHF_ERR_RULES with iptables' own words. */
  open(bridge: string, rules: ChainedBridge, onSent: () => void): Promise<void> {
    const update = () => rules;
    return this.#changes.submit({ bridge, what: `could not be put in for ${bridge}`, update, onSent });
  }

  /** Takes a bridge out. Idempotent. @throws LHF_ERR_RULES */
  close(bridge: string): Promise<void> {
    return this.#change(bridge, `could not be removed for ${bridge}`, () => undefined);
  }

  /** @throws LHF_ERR_RULES */
  addPort(bridge: string, port: PortRule): Promise<void> {
    return this.#change(
      bridge,
      `could not be put in for port ${keyOf(port)} of ${bridge}`,
      (now) => now && { ...now, ports: [...now.ports.filter((one) => keyOf(one) !== keyOf(port)), port] },
    );
  }

  /** @throws LHF_ERR_RULES */
  removePort(bridge: string, port: PortRule): Promise<void> {
    return this.#change(
      bridge,
      `could not be removed for port ${keyOf(port)} of ${bridge}`,
      (now) => now && { ...now, ports: now.ports.filter((one) => keyOf(one) !== keyOf(port)) },
    );
  }

  /** Knows our probes by their address, and where ports lead for them. @throws LHF_ERR_RULES */
  setProbe(bridge: string, probe: ProbeRule): Promise<void> {
    return this.#change(bridge, `could not be put in for probes on ${bridge}`, (now) => now && { ...now, probe });
  }

  /** Looks at what a bridge has, puts all back where something is missing, and tells whether it was. @throws LHF_ERR_RULES */
  async repair(bridge: string): Promise<boolean> {
    let wasMissing = false;
    await this.#changes.submit({
      bridge,
      what: `that somebody took away could not be put back for ${bridge}`,
      update: (now) => now,
      onLooked: (isMissing) => (wasMissing = isMissing),
    });
    return wasMissing;
  }

  #change(bridge: string, what: string, update: Change['update']): Promise<void> {
    return this.#changes.submit({ bridge, what, update });
  }

  /** Changes come one group after the other, so that nothing of ours changes during a look. */
  async #commit(changes: readonly Change[]): Promise<string> {
    const looking = changes.filter(({ bridge, onLooked }) => onLooked !== undefined && this.#state.has(bridge));
    const isMissing =
      this.#isKnown && looking.length > 0 && (await this.#isMissing(looking.map(({ bridge }) => bridge)));
    const after = this.#after(changes);
    const isDifference = this.#isKnown && !isMissing && this.#state.size > 0 && after.size > 0;
    const isNothing = this.#isKnown && this.#state.size === 0 && after.size === 0;
    if (isNothing) return '';
    const words = await (isDifference ? this.#differ(after, changes) : this.#makeAnew(after, changes));
    if (words === '') for (const { onLooked } of looking) onLooked?.(isMissing);
    return words;
  }

  /** What is not there cannot be changed: somebody may have flushed it. */
  async #retry(change: Change, words: string): Promise<Error | undefined> {
    const again = await this.#makeAnew(this.#after([change]), [change]);
    return again === '' ? undefined : this.#error(change.what, again || words);
  }

  #after(changes: readonly Change[]): ChainedBridges {
    const after = new Map(this.#state);
    for (const { bridge, update } of changes) {
      const rules = update(after.get(bridge));
      if (rules === undefined) after.delete(bridge);
      else after.set(bridge, rules);
    }
    return after;
  }

  #differ(after: ChainedBridges, changes: readonly Change[]): Promise<string> {
    const lines = this.#tables.flatMap((table) => renderChange(table, this.#state, after, this.#owner));
    return lines.length === 0 ? Promise.resolve('') : this.#restore(after, changes, lines);
  }

  async #makeAnew(after: ChainedBridges, changes: readonly Change[]): Promise<string> {
    const gone = changes.map(({ bridge }) => bridge).filter((bridge) => !after.has(bridge));
    let ways = await this.#lookAtWays();
    for (let attempt = 1; ; attempt += 1) {
      const lines = this.#tables.flatMap((table, n) => renderAnew(table, after, gone, this.#owner, ways[n] ?? nowhere));
      const words = await this.#restore(after, changes, lines);
      if (words === '' || attempt === mostAttempts) return words;
      // The last one of another process takes the chain that all share; the first one of another makes it.
      const now = await this.#lookAtWays();
      if (JSON.stringify(now) === JSON.stringify(ways)) return words;
      ways = now;
    }
  }

  async #restore(after: ChainedBridges, changes: readonly Change[], lines: readonly string[]): Promise<string> {
    const mayHave = [...new Set([...this.#state.keys(), ...after.keys(), ...changes.map(({ bridge }) => bridge)])];
    const restoring = this.#stream().restore({ mayHave, have: [...after.keys()], lines });
    for (const { onSent } of changes) onSent?.();
    const words = await restoring.catch(String);
    this.#isKnown = words === '';
    if (words === '') this.#state = after;
    return words;
  }

  #lookAtWays(): Promise<WayIn[]> {
    return Promise.all(this.#tables.map((table) => this.#sight.wayIn(table, this.#owner.nonce)));
  }

  async #isMissing(bridges: readonly string[]): Promise<boolean> {
    const missing = await Promise.all(
      this.#tables.map((table) => missingIn(table, this.#owner.nonce, this.#state, bridges, this.#sight)),
    );
    return missing.includes(true);
  }

  #error(what: string, words: string): LocalhostForwardError {
    const [first = words] = words.split('\n').filter((line) => line.trim() !== '');
    return new LocalhostForwardError(
      'LHF_ERR_RULES',
      { what: `The iptables rules ${what}: ${first}`, try: 'localhost-forward doctor' },
      { strategy: 'iptables', stderr: words },
    );
  }
}

const nowhere: WayIn = { isShared: false, doors: [], ways: [], detours: [] };
