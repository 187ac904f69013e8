import { debug } from '../../../command/debug.ts';
import type { Watch } from '../../../command/watch.ts';
import type { HostFacts } from '../../../host/facts.ts';
import type { HolderOwner } from '../../../lifecycle/holder.ts';
import { KeptHolder } from '../../../lifecycle/kept-holder.ts';
import type { Told } from '../../told.ts';
import { ChainLook } from './chain-look.ts';
import type { TableName } from './rules.ts';
import { FlushReader, hasManyChains, OwnDeletions, readMonitors, untilToldTo, watchFlushes } from './flush-watch.ts';
import { canStay, IptablesHolder } from './iptables-holder.ts';
import { SessionChains } from './session-chains.ts';
import { TellingChains } from './telling-chains.ts';

/** How many bridges are looked at when many lost rules at once. */
const mostSuspects = 4;

export interface HeldChainsOptions {
  readonly owner: HolderOwner;
  readonly host: HostFacts;
  /** Where nft guards, and its holder starts the guardian, table nat alone; else raw as well. */
  readonly tables: readonly TableName[];
  /** Where all is told and nothing done. */
  readonly told: Told | undefined;
}

type Stream = Pick<IptablesHolder, 'hasAnswered' | 'isBusy' | 'isLost' | 'retire' | 'restore'>;

/**
 * The chains of one process with the shell that writes them: started for the first forward, ended a while after the last, replaced when
 * somebody kills it. Beside it goes a watch on what others flush, where nft can tell.
 */
export class HeldChains {
  readonly rules: SessionChains;
  readonly look: ChainLook;
  readonly #own = new OwnDeletions();
  readonly #telling: TellingChains | undefined;
  readonly guardsItself: boolean;
  readonly #options: HeldChainsOptions;
  readonly #holder: KeptHolder<Stream> = new KeptHolder(
    () => this.#start(),
    () => this.#stopWatch(),
  );
  #watch: Promise<Watch> | undefined;
  /** Bridges whose rules went away, as the kernel said, and have not been looked at since. */
  readonly #suspects = new Set<string>();
  #isLooking = false;

  constructor(options: HeldChainsOptions) {
    const { owner, tables, told } = options;
    this.#options = options;
    this.guardsItself = tables.includes('raw');
    this.look = new ChainLook(owner.privileges);
    const stream = (): Stream => this.#holder.current;
    this.#telling = told === undefined ? undefined : new TellingChains(owner, this.look, told);
    const [sight, sureSight] = [this.#telling ?? this.look, this.#telling ?? this.look.sure];
    this.rules = new SessionChains({ owner, tables, stream, sight, sureSight, witness: this.#own });
  }

  /** Keeps the shell, and the watch, for one more forward. */
  acquire(): void {
    this.#holder.acquire();
    this.#watch ??= this.#startWatch();
  }

  release(): void {
    this.#holder.release();
  }

  #start(): Stream {
    if (this.#telling !== undefined) return this.#telling;
    const { owner, host } = this.#options;
    const holder: IptablesHolder = new IptablesHolder({
      ...owner,
      stays: canStay(host),
      startsGuardian: this.guardsItself,
      // Rules stay when their keeper is killed alone, and need another for the day this process is.
      onLost: () => void (holder.hasAnswered && this.#tellAnother()),
    });
    return holder;
  }

  #tellAnother(): void {
    const { bridges } = this.rules;
    const [bridge] = bridges;
    if (bridge === undefined) return;
    this.#holder.current
      .restore({ mayHave: bridges, have: bridges, lines: [] })
      // A container whose engine was killed took the rules out: they are looked for.
      .then(() => this.repair(bridge))
      .then(() => this.#options.owner.privileges.renew())
      .catch((error: unknown) => debug(`another holder of iptables rules: ${String(error)}`));
  }

  #stopWatch(): void {
    void this.#watch?.then((watch) => watch.stop());
    this.#watch = undefined;
    this.#own.forget();
  }

  /**
   * Whoever flushes iptables (a firewall's reload) takes our rules along, and only the kernel tells; of iptables' older kind nobody.
   * nft reads all rules before it watches: where there are so many that this would be felt, only `verify()` looks.
   */
  async #startWatch(): Promise<Watch> {
    const { owner, host, told } = this.#options;
    if (told !== undefined || host.nft === undefined || host.iptables?.variant === 'legacy') return unwatched;
    if (await hasManyChains(owner.privileges)) return unwatched;
    const reader = new FlushReader(owner.nonce, this.#own);
    const suspect = (bridge: string | undefined): void => {
      for (const one of this.#suspectsOf(bridge)) this.#suspects.add(one);
    };
    const before = await readMonitors();
    const watch = await watchFlushes(owner.privileges, (text) => {
      for (const bridge of reader.read(text)) suspect(bridge);
      void this.#lookAtSuspects();
    });
    // What was flushed before it was told of anything is looked for once.
    void untilToldTo(before).then(() => {
      suspect(undefined);
      return this.#lookAtSuspects();
    });
    return watch;
  }

  /** One bridge of ours tells of all that they share. */
  #suspectsOf(bridge: string | undefined): readonly string[] {
    const { bridges } = this.rules;
    return bridge === undefined ? bridges.slice(0, 1) : bridges.filter((one) => one === bridge);
  }

  /** What we change ourselves is told, too. Whoever takes the rules of many bridges takes what they share: a few tell of all. */
  async #lookAtSuspects(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    while (this.#suspects.size > 0) {
      const some = [...this.#suspects].slice(0, mostSuspects);
      this.#suspects.clear();
      for (const bridge of some)
        await this.repair(bridge).catch((error: unknown) => debug(`putting back what was flushed: ${String(error)}`));
    }
    this.#isLooking = false;
  }

  /** Looks at what a bridge has, and puts back what somebody took. @throws LHF_ERR_RULES */
  async repair(bridge: string): Promise<boolean> {
    const wasMissing = await this.rules.repair(bridge);
    if (wasMissing)
      process.emitWarning(`somebody took iptables rules of ${this.rules.bridges.join(', ')} away; they are back`, {
        type: 'LocalhostForwardWarning',
        code: 'LHF_WARN_RULES',
      });
    return wasMissing;
  }
}

const unwatched: Watch = { printed: () => '', stop: async () => '' };
