import { now } from '../../../clock.ts';
import { debug } from '../../../command/debug.ts';
import { readShellPrograms } from '../../../command/shell-program.ts';
import { Holder, type AnswerReader, type HolderOptions, type HolderOwner } from '../../../lifecycle/holder.ts';
import type { HostFacts } from '../../../host/facts.ts';
import { isOlder } from '../../../host/version.ts';

/** What iptables-restore is to do, and what will be there. */
export interface RestoreRequest {
  /** Bridges that may have something in iptables from now on, whether or not it goes well. */
  readonly mayHave: readonly string[];
  /** Those that have something once it is done. */
  readonly have: readonly string[];
  /** What iptables-restore reads; nothing where only the holder is to know. */
  readonly lines: readonly string[];
}

export interface IptablesHolderOptions extends HolderOwner, Pick<HolderOptions, 'onLost' | 'startsGuardian'> {
  /** Whether one iptables-restore serves all requests: see {@link canStay}. */
  readonly stays: boolean;
}

/**
 * Whether iptables-restore here takes what comes on a pipe as it comes: from 1.8.4 on it read ahead for a while. An older one is not
 * known to wait for the lock of other programs for each table.
 */
export const canStay = ({ iptables }: Pick<HostFacts, 'iptables'>): boolean =>
  iptables !== undefined && !isOlder(iptables.version, '1.8.7');

interface Answer {
  /** What was said against it: nothing when all of it is in. */
  readonly refusal: string;
}

/** A shell that writes all iptables rules of one process, in order, and takes them out when the process is gone. */
export class IptablesHolder {
  readonly #holder: Holder;
  #asked = 0;
  /** Up to which request none is answered any more: iptables-restore has ended. */
  #lostUpTo = 0;
  #isEnded = false;

  constructor({ stays, ...options }: IptablesHolderOptions) {
    const program = readShellPrograms('iptables', 'hold-iptables');
    this.#holder = new Holder({ ...options, program, programArguments: stays ? ['stays'] : [] });
  }

  get hasAnswered(): boolean {
    return this.#holder.hasAnswered;
  }

  get isBusy(): boolean {
    return this.#holder.isBusy;
  }

  get isLost(): boolean {
    return this.#holder.isLost;
  }

  retire(): void {
    this.#holder.retire();
  }

  /** Resolves to what was said against it: nothing when all of it is in. `onSent`: it is written. */
  async restore({ mayHave, have, lines }: RestoreRequest, onSent: () => void = () => undefined): Promise<string> {
    const startedAt = now();
    const asking = this.#ask(mayHave, lines);
    onSent();
    const { refusal } = await asking;
    debug(`iptables-restore ${lines.join('; ')}: ${refusal === '' ? 'done' : refusal}`, startedAt);
    if (refusal === '' && have.length < mayHave.length)
      // Nobody waits for it: what a holder looks for in vain is not there.
      this.#ask(have, []).catch((error: unknown) => debug(`telling the holder of iptables rules: ${String(error)}`));
    return refusal;
  }

  /** On its way when it returns. */
  #ask(bridges: readonly string[], lines: readonly string[]): Promise<Answer> {
    const nth = (this.#asked += 1);
    const again = this.#isEnded ? ['AGAIN'] : [];
    this.#isEnded = false;
    const request = [...again, bridges.join(' '), ...lines, `END ${nth}`, ''].join('\n');
    return this.#holder.ask(request, this.#readerOf(nth));
  }

  /** See programs/hold-iptables.sh. */
  #readerOf(nth: number): AnswerReader<Answer> {
    return (received) => {
      if (nth <= this.#lostUpTo) return { answer: { refusal: 'iptables-restore has ended' }, rest: received };
      const found = readAnswer(received, nth);
      if (found === undefined || found.answer.refusal === '') return found;
      this.#lostUpTo = this.#asked;
      this.#isEnded = true;
      return found;
    };
  }
}

/** The answer to one request, or the refusal that none is answered after. */
export const readAnswer = (received: string, nth: number): ReturnType<AnswerReader<Answer>> => {
  const found = new RegExp(String.raw`^(?:# lhf-answered ${nth}|lhf-refused (\d+))\n`, 'm').exec(received);
  if (found === null) return undefined;
  const [line, status] = found;
  const said = received.slice(0, found.index).trim();
  return {
    answer: { refusal: status === undefined ? '' : said || `iptables-restore ended with ${status}` },
    rest: received.slice(found.index + line.length),
  };
};
