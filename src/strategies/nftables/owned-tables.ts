import { LocalhostForwardError } from '../../errors.ts';
import type { HolderOwner } from '../../lifecycle/holder.ts';
import type { RulesStrategy } from '../strategy.ts';
import { NftHolder } from './nft-holder.ts';

/** One owned table, as it must be now. */
export interface OwnedTable {
  readonly bridge: string;
  render(): string[];
}

/** The owned tables of one process, with the nft that holds them; killed by somebody, it is replaced and they are put in again. */
export class OwnedTables {
  /** What is in now, and is put in again by another nft. */
  readonly open = new Set<OwnedTable>();
  readonly #strategy: RulesStrategy['name'];
  readonly #owner: HolderOwner;
  #holder: NftHolder | undefined;

  constructor(strategy: RulesStrategy['name'], owner: HolderOwner) {
    this.#strategy = strategy;
    this.#owner = owner;
  }

  /** @throws LHF_ERR_RULES with nft's own words. */
  async transact(commands: readonly string[], failure: string): Promise<void> {
    const answer = await this.#ask(commands);
    if (answer !== '') throw this.#error(failure, answer, commands);
  }

  /** The same, where what should go may be gone already. */
  async discard(commands: readonly string[], failure: string): Promise<void> {
    const answer = await this.#ask(commands);
    if (answer !== '' && !/No such file or directory/.test(answer)) throw this.#error(failure, answer, commands);
  }

  async list(table: string): Promise<string> {
    const { stdout } = await this.#owner.privileges.run(['nft', 'list', 'table', 'ip', table]);
    return stdout;
  }

  get isBusy(): boolean {
    return this.#holder?.isBusy ?? false;
  }

  /** Ends the holder, with nothing in. */
  retire(): void {
    this.#holder?.retire();
    this.#holder = undefined;
  }

  async #ask(commands: readonly string[]): Promise<string> {
    if (this.#holder === undefined || this.#holder.isLost) this.#holder = this.#openHolder();
    return this.#holder.transact(commands).catch((error: unknown) => String(error));
  }

  #openHolder(): NftHolder {
    const holder = new NftHolder({ ...this.#owner, onLost: () => void (holder.hasAnswered && this.#restore()) });
    return holder;
  }

  // Somebody killed nft while this process lives: what was open is put in again by a new one.
  async #restore(): Promise<void> {
    const bridges = [...this.open].map(({ bridge }) => bridge).join(', ');
    if (bridges === '') return;
    const answer = await this.#ask([...this.open].flatMap((table) => table.render()));
    const outcome = answer === '' ? 'its rules are back' : `its rules could not be put back: ${answer.split('\n')[0]}`;
    process.emitWarning(`somebody ended the nft that held ${bridges}; ${outcome}`, {
      type: 'LocalhostForwardWarning',
      code: 'LHF_WARN_RULES',
    });
  }

  #error(failure: string, answer: string, commands: readonly string[]): LocalhostForwardError {
    const [first = answer] = answer.split('\n');
    const advice = /not permitted|a password is required|sudo/i.test(answer)
      ? 'sudo -n nft list tables'
      : 'localhost-forward doctor';
    return new LocalhostForwardError(
      'LHF_ERR_RULES',
      { what: `The nftables rules ${failure}: ${first}`, try: advice },
      { strategy: this.#strategy, command: commands.join('; '), stderr: answer },
    );
  }
}
