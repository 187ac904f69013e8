import { headlineOf } from '../../../errors.ts';
import { holderOwnerOf } from '../../holder-owner.ts';
import type { HolderOwner } from '../../../lifecycle/holder.ts';
import { KeptHolder } from '../../../lifecycle/kept-holder.ts';
import { printable } from '../../../printable.ts';
import { NftHolder } from './nft-holder.ts';
import { tableNamesOf, type TableNames } from './rules.ts';
import { SessionTables } from './session-tables.ts';
import { sharedIn } from '../../../ownership/session.ts';
import type { Tools } from '../../strategy.ts';
import type { Told } from '../../told.ts';

/** The tables of this process's session, whichever strategy translates. */
export const heldTablesOf = (tools: Tools): HeldTables =>
  sharedIn(tools.session, 'tables', () => new HeldTables(holderOwnerOf(tools), tools.told));

type Stream = Pick<NftHolder, 'hasAnswered' | 'isBusy' | 'isLost' | 'retire' | 'transact'>;

/** The tables of one process with the nft that holds them: started for the first forward, ended a while after the last, replaced when somebody kills it. */
export class HeldTables {
  readonly rules: SessionTables;
  readonly names: TableNames;
  readonly #owner: HolderOwner;
  readonly #told: Told | undefined;
  readonly #holder: KeptHolder<Stream> = new KeptHolder(() => this.#start());

  constructor(owner: HolderOwner, told: Told | undefined) {
    this.#owner = owner;
    this.#told = told;
    this.names = tableNamesOf(owner.nonce, owner.session);
    this.rules = new SessionTables(this.names, () => this.#holder.current);
  }

  /** Keeps nft for one more forward. */
  acquire(): void {
    this.#holder.acquire();
  }

  release(): void {
    this.#holder.release();
  }

  /** Puts the tables in again where the nft that held them was lost and no other could be started then. @throws LHF_ERR_RULES */
  async repair(): Promise<boolean> {
    if (!this.rules.isLost) return false;
    await this.rules.restoreAll();
    return true;
  }

  #start(): Stream {
    if (this.#told !== undefined) return tellingStream(this.#told);
    const holder: NftHolder = new NftHolder({
      ...this.#owner,
      onLost: () => void (holder.hasAnswered && this.#putBack()),
    });
    return holder;
  }

  /** Somebody killed nft while this process lives, and the owned table went with it. */
  async #putBack(): Promise<void> {
    const bridges = this.rules.bridges.join(', ');
    const restored = this.rules.restoreAll().then(() => this.#owner.privileges.renew());
    const outcome = await restored.then(
      () => 'its rules are back',
      (error: unknown) => `its rules could not be put back: ${headlineOf(error)}`,
    );
    if (bridges === '') return;
    process.emitWarning(printable(`somebody ended the nft that held ${bridges}; ${outcome}`), {
      type: 'LocalhostForwardWarning',
      code: 'LHF_WARN_RULES',
    });
  }
}

/** In place of nft: takes what it is told for done. */
const tellingStream = ({ say }: Told): Stream => ({
  hasAnswered: true,
  isBusy: false,
  isLost: false,
  retire: () => undefined,
  transact: async (lines) => {
    say({ by: 'nft', call: 'nft -i', lines });
    return '';
  },
});
