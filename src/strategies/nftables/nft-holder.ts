import { debug } from '../../command/debug.ts';
import { Holder, type HolderOptions, type HolderOwner } from '../../lifecycle/holder.ts';
import { lastWordsIn, renderRequest } from './read-answer.ts';

/** `nft -i` on a pipe: one ordered stream of transactions, whose owned tables live as long as the pipe does. */
export class NftHolder {
  readonly #holder: Holder;
  #asked = 0;

  constructor(options: HolderOwner & Pick<HolderOptions, 'onLost'>) {
    this.#holder = new Holder({ ...options, ...program });
  }

  get hasAnswered(): boolean {
    return this.#holder.hasAnswered;
  }

  get isBusy(): boolean {
    return this.#holder.isBusy;
  }

  retire(): void {
    this.#holder.retire();
  }

  get isLost(): boolean {
    return this.#holder.isLost;
  }

  /** Runs commands as one transaction; resolves to what nft had to say against it: nothing when all of it is in. */
  async transact(commands: readonly string[]): Promise<string> {
    const startedAt = performance.now();
    const token = `sync_${process.pid}_${(this.#asked += 1)}`;
    const line = commands.join('; ');
    const { request, read } = renderRequest(line, token, { isFirst: this.#asked === 1 });
    const { refusal, isBroken } = await this.#holder.ask(request, read).catch((error: Error) => {
      throw new Error(lastWordsIn(error.message), { cause: error });
    });
    debug(`nft ${line}: ${refusal === '' ? 'done' : refusal}`, startedAt);
    if (isBroken) this.retire();
    return refusal;
  }
}

/*
 * The owned tables are gone as soon as nft's input ends, and the guard in them with it. So nft reads what `cat` passes on, and its
 * input ends after `route_localnet` is off. Not at the end of a `cat` that somebody killed, nor where the shell alone was killed,
 * after which Node closes the pipe: then the process lives on, with its bridges open, and starts another holder.
 * Whichever part ends, the process is told at once: the last part says so itself, since the shell waits for all of them.
 */
const program = {
  hold: `
{ cat 2> /dev/null && read -r _ _ _ parent _ < /proc/self/stat && [ "$parent" = $$ ] && lhf_shut; } |
  { lhf_as_root nft -i > /dev/null; echo lhf-lost >&2; }`,
  // The owned tables went with nft; a guard stands for each bridge that was open.
  release: `lhf_as_root nft list tables ip | sed -n "s/^table ip lhf_guard_\\(lhf-$NONCE.*\\)$/\\1/p"`,
};
