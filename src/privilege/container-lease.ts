import type { Lease, LeaseListener } from './lease.ts';
import type { RemoteProgram, RightsContainer } from './rights-container.ts';

/** What is asked of it before its container runs is asked as soon as that does. */
export class ContainerLease implements Lease {
  readonly name = 'a container';
  readonly #ready: Promise<void>;
  #program: RemoteProgram | undefined;
  #listener: LeaseListener | undefined;
  #waiting: string[] = [];
  #ending: string | undefined;

  constructor(
    starting: Promise<RightsContainer>,
    argv: readonly string[],
    environment: Readonly<Record<string, string>>,
  ) {
    this.#ready = starting.then(
      (container) => this.#begin(container, argv, environment),
      (error: Error) => this.#end(error.message),
    );
  }

  listen(listener: LeaseListener): void {
    this.#listener = listener;
    if (this.#ending !== undefined) listener.ended(this.#ending);
  }

  write(text: string): void {
    if (this.#program === undefined) this.#waiting.push(text);
    else this.#program.write(text);
  }

  retire(): void {
    const end = (): void => {
      this.#program?.kill();
      this.#program?.endInput();
    };
    void this.#ready.then(end);
  }

  #begin(container: RightsContainer, argv: readonly string[], environment: Readonly<Record<string, string>>): void {
    this.#program = container.start(argv, environment, {
      stderr: (text) => this.#listener?.said(text),
      ended: (ending) => this.#end('code' in ending ? 'it ended' : ending.failure),
    });
    for (const text of this.#waiting.splice(0)) this.#program.write(text);
  }

  #end(reason: string): void {
    this.#ending ??= reason;
    this.#listener?.ended(reason);
  }
}
