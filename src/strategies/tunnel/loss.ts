import { LocalhostForwardError } from '../../errors.ts';
import { printable } from '../../printable.ts';
import type { Sshd } from './sshd.ts';

/** Notices that an sshd, or the connection to it, ended by itself. Containers know its address, so that only another forward helps. */
export class Loss {
  #isExpected = false;
  #sentence: string | undefined;

  /** What was lost, where something was. */
  get sentence(): string | undefined {
    return this.#sentence;
  }

  watch({ client }: Pick<Sshd, 'client'>, networkName: string): void {
    const lose = (): void => {
      if (this.#isExpected || this.#sentence !== undefined) return;
      this.#sentence = `The tunnel of ${networkName} is gone: its sshd, or the connection to it, has ended`;
      process.emitWarning(printable(this.#sentence), { type: 'LocalhostForwardWarning', code: 'LHF_WARN_RULES' });
    };
    client.on('end', lose);
    client.on('close', lose);
  }

  /** It is taken down on purpose from now on. */
  expect(): void {
    this.#isExpected = true;
  }

  /** @throws LHF_ERR_RULES where there is no tunnel any more. */
  check(): void {
    if (this.#sentence === undefined) return;
    const text = { what: this.#sentence, try: 'open another forward' };
    throw new LocalhostForwardError('LHF_ERR_RULES', text, { strategy: 'tunnel' });
  }
}
