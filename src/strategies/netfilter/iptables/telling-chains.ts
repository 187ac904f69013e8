import type { Told } from '../../told.ts';
import type { ChainSight } from './missing.ts';
import type { IptablesHolder, RestoreRequest } from './iptables-holder.ts';
import { wayAlone, type ChainOwner, type TableName, type WayIn } from './rules.ts';

/** In place of iptables-restore: takes what it is told for done, and sees what is there with it. */
export class TellingChains
  implements ChainSight, Pick<IptablesHolder, 'hasAnswered' | 'isBusy' | 'isLost' | 'retire' | 'restore'>
{
  readonly hasAnswered = true;
  readonly isBusy = false;
  readonly isLost = false;
  readonly #owner: ChainOwner;
  readonly #sight: ChainSight;
  readonly #say: Told['say'];
  #isLookedAt = false;
  #isIn = false;

  constructor(owner: ChainOwner, sight: ChainSight, { say }: Told) {
    this.#owner = owner;
    this.#sight = sight;
    this.#say = say;
  }

  /** The first is refused, as iptables refuses a guess that is wrong: so others' rules are looked at, and what is told fits them. */
  async restore({ have, lines }: RestoreRequest): Promise<string> {
    if (!this.#isLookedAt) return 'not looked yet';
    this.#say({ by: 'iptables', call: 'iptables-restore --noflush', lines });
    this.#isIn = have.length > 0;
    return '';
  }

  retire(): void {}

  async wayIn(table: TableName, nonce: string): Promise<WayIn> {
    this.#isLookedAt = true;
    const way = await this.#sight.wayIn(table, nonce);
    if (!this.#isIn) return way;
    const alone = wayAlone(table, this.#owner, { isIn: true });
    return { ...way, isShared: true, doors: way.doors.length > 0 ? way.doors : alone.doors, ways: alone.ways };
  }

  process(...of: Parameters<ChainSight['process']>): ReturnType<ChainSight['process']> {
    return this.#sight.process(...of);
  }

  chain(...of: Parameters<ChainSight['chain']>): ReturnType<ChainSight['chain']> {
    return this.#sight.chain(...of);
  }
}
