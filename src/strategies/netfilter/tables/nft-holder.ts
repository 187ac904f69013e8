import { now } from '../../../clock.ts';
import { debug } from '../../../command/debug.ts';
import { readShellPrograms } from '../../../command/shell-program.ts';
import { Holder, type HolderOptions, type HolderOwner } from '../../../lifecycle/holder.ts';
import { lastWordsIn, renderRequest } from './read-answer.ts';

/** `nft -i` on a pipe: one ordered stream of transactions, whose owned tables live as long as the pipe does. */
export class NftHolder {
  readonly #holder: Holder;
  #asked = 0;

  constructor(options: HolderOwner & Pick<HolderOptions, 'onLost'>) {
    this.#holder = new Holder({ ...options, program: readShellPrograms('hold-nft') });
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
  async transact(commands: readonly string[], onSent: () => void = () => undefined): Promise<string> {
    const startedAt = now();
    const token = `sync_${process.pid}_${(this.#asked += 1)}`;
    const line = commands.join('; ');
    const { request, read } = renderRequest(line, token, { isFirst: this.#asked === 1 });
    const asking = this.#holder.ask(request, read);
    onSent();
    const { refusal, isBroken } = await asking.catch((error: Error) => {
      throw new Error(lastWordsIn(error.message), { cause: error });
    });
    debug(`nft ${line}: ${refusal === '' ? 'done' : refusal}`, startedAt);
    if (isBroken) this.retire();
    return refusal;
  }
}
