import type { Told } from '../told.ts';
import type { SshClient } from './sshd.ts';

/** In place of a client of ssh: takes what it asks for for done. */
export class TellingClient implements SshClient {
  readonly #say: Told['say'];

  constructor({ say }: Told) {
    this.#say = say;
  }

  forwardIn(_address: string, port: number, done: (error: Error | undefined) => void): void {
    this.#say({ by: 'process', call: 'ssh: tcpip-forward', lines: [`port ${port} of the container`] });
    done(undefined);
  }

  unforwardIn(_address: string, port: number, done: () => void): void {
    this.#say({ by: 'process', call: 'ssh: cancel-tcpip-forward', lines: [`port ${port} of the container`] });
    done();
  }

  on(): void {}

  destroy(): void {}
}
