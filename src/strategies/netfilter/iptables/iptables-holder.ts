import { debug } from '../../../command/debug.ts';
import { readShellPrograms } from '../../../command/shell-program.ts';
import { Holder, type AnswerReader, type HolderOptions, type HolderOwner } from '../../../lifecycle/holder.ts';
import type { TableName } from './chain-rules.ts';

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
  /** Those that have rules of the process. */
  readonly tables: readonly TableName[];
}

/** A shell that writes all iptables rules of one process, in order, and takes them out when the process is gone. */
export class IptablesHolder {
  readonly #holder: Holder;

  constructor({ tables, ...options }: IptablesHolderOptions) {
    const program = readShellPrograms('iptables', 'hold-iptables');
    this.#holder = new Holder({ ...options, program, programArguments: tables });
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

  /** Resolves to what was said against it: nothing when all of it is in. */
  async restore({ mayHave, have, lines }: RestoreRequest): Promise<string> {
    const startedAt = performance.now();
    const request = [mayHave.join(' '), have.join(' '), ...lines, 'END', ''].join('\n');
    const { text, code } = await this.#holder.ask(request, readAnswer);
    debug(`iptables-restore ${lines.join('; ')}: ${code === 0 ? 'done' : text}`, startedAt);
    return code === 0 ? '' : text || `iptables-restore ended with ${code}`;
  }
}

/** The answer's end: see programs/hold-iptables.sh. */
export const readAnswer: AnswerReader<{ text: string; code: number }> = (received) => {
  const found = /^lhf-answered \d+ (\d+)\n/m.exec(received);
  if (found === null) return undefined;
  return {
    answer: { text: received.slice(0, found.index).trim(), code: Number(found[1]) },
    rest: received.slice(found.index + found[0].length),
  };
};
