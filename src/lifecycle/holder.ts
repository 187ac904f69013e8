import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { clearTimeout, setTimeout, whenHeard } from '../clock.ts';
import { debug } from '../command/debug.ts';
import { temporaryFolder } from '../host/temporary-folder.ts';
import { toolsImageVariable } from '../host/tools-image.ts';
import { readShellPrograms } from '../command/shell-program.ts';
import type { Lease } from '../privilege/lease.ts';
import type { PrivilegeHandle, Privileges } from '../privilege/privileges.ts';
import { loaderOptions } from './loader-options.ts';
import { wordsFolder } from './words.ts';

/** Finds the end of the answer to one request; undefined while it has not arrived whole. */
export type AnswerReader<T> = (received: string) => { answer: T; rest: string } | undefined;

/** How long a request may take after another one was not answered, in milliseconds. */
const stuckMs = 3_000;

interface Pending {
  /** Nobody waits for it any more. */
  isGivenUp: boolean;
  receive(received: string): string | undefined;
  fail(error: Error): void;
}

/** Whose holder it is, and with which rights it acts. */
export interface HolderOwner {
  readonly session: string;
  readonly nonce: string;
  readonly privileges: Privileges;
  /** By which rights the guardian removes what is left. Default: by the same. */
  readonly guardian?: PrivilegeHandle;
  /** For the guardian: how to reach the engine, as `LOCALHOST_FORWARD_ENGINE`. */
  readonly environment: Readonly<Record<string, string>>;
  /** How long one request may take, in milliseconds. Default: 15 000. */
  readonly timeoutMs?: number;
}

/** What a holder holds. */
export interface HeldProgram {
  /** Shell text that defines `lhf_hold` and `lhf_release`: see programs/holder.sh. */
  readonly program: string;
  /** What both of them are called with. */
  readonly programArguments?: readonly string[];
  /** Whether it starts the guardian: of several holders for the same forwards one does. Default: true. */
  readonly startsGuardian?: boolean;
}

export interface HolderOptions extends HolderOwner, HeldProgram {
  /** Called when the held program died while this process lives. */
  onLost(): void;
}

/**
 * A detached shell on a pipe from this process: requests go in by standard input, answers come back by standard error.
 * It keeps the process alive only while a request has time left (its timer does), and what it does after the process's end stands in programs/holder.sh.
 */
export class Holder {
  readonly #lease: Lease;
  readonly #pending: Pending[] = [];
  readonly #timeoutMs: number;
  #received = '';
  #hasAnswered = false;
  #isStuck = false;
  #lost: Error | undefined;

  constructor(options: HolderOptions) {
    this.#timeoutMs = options.timeoutMs ?? 15_000;
    // A container has neither our node nor the engine: who holds by one has another holder for that, on this host.
    const startsGuardian = options.startsGuardian !== false && options.privileges.handle.kind !== 'container';
    const args = [
      options.session,
      options.nonce,
      process.execPath,
      guardianScript(),
      // For the guardian's node alone: with it, another program might get libraries that are not its own.
      process.env['LD_LIBRARY_PATH'] ?? '',
      startsGuardian ? 'guardian' : '',
      wordsFolder() ?? '',
      loaderOptions()
        .map((option) => option.replaceAll('\n', ''))
        .join('\n'),
      ...(options.programArguments ?? []),
    ];
    const program = [readShellPrograms('as-root'), options.program, readShellPrograms('holder')].join('\n');
    this.#lease = options.privileges.hold(program, args, {
      ...toReachTheEngine(),
      LOCALHOST_FORWARD_PRIVILEGES: JSON.stringify(options.guardian ?? options.privileges.handle),
      LOCALHOST_FORWARD_WORDS: wordsFolder() ?? '',
      // Where it looks for folders of sockets.
      TMPDIR: temporaryFolder(),
      ...options.environment,
    });
    const lose = (reason: string): void => this.#lose(new Error(reason), () => options.onLost());
    this.#lease.listen({ said: (text) => this.#receive(text, lose), ended: lose });
    debug(`holder ${this.#lease.name} for ${options.session}`);
  }

  /** Whether it ever worked: one that never did is not worth starting again. */
  get hasAnswered(): boolean {
    return this.#hasAnswered;
  }

  get isLost(): boolean {
    return this.#lost !== undefined;
  }

  /** Ends it in order, with nothing held. */
  retire(): void {
    if (this.#lost !== undefined) return;
    this.#lose(new Error('it was retired'), () => undefined);
    this.#lease.retire();
  }

  get isBusy(): boolean {
    return this.#pending.some(({ isGivenUp }) => !isGivenUp);
  }

  /** Sends one request and waits for its answer; requests are answered in order. */
  async ask<T>(request: string, read: AnswerReader<T>): Promise<T> {
    if (this.#lost !== undefined) throw this.#lost;
    // What has not answered one in time is not waited for as long again, until it does.
    const timeoutMs = this.#isStuck ? Math.min(stuckMs, this.#timeoutMs) : this.#timeoutMs;
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<T>((resolve, reject) => {
        const giveUp = (): void => {
          if (!this.#pending.includes(pending)) return;
          pending.isGivenUp = this.#isStuck = true;
          reject(new Error(`no answer within ${timeoutMs} ms`));
        };
        timer = setTimeout(() => whenHeard(giveUp), timeoutMs);
        const pending: Pending = {
          isGivenUp: false,
          receive: (received) => {
            const found = read(received);
            if (found !== undefined) resolve(found.answer);
            return found?.rest;
          },
          fail: reject,
        };
        this.#pending.push(pending);
        this.#lease.write(request);
        // What came unasked may be the answer: that nobody is there to give one.
        this.#answer();
      });
    } finally {
      clearTimeout(timer);
    }
  }

  #receive(text: string, lose: (reason: string) => void): void {
    this.#received += text;
    this.#answer();
    if (/^lhf-lost$/m.test(this.#received))
      lose(this.#received.replace('lhf-lost', '').trim() || 'the program that held the rules ended');
  }

  #answer(): void {
    for (let [first] = this.#pending; first !== undefined; [first] = this.#pending) {
      const rest = first.receive(this.#received);
      if (rest === undefined) break;
      this.#pending.shift();
      this.#received = rest;
      this.#hasAnswered = true;
      this.#isStuck = false;
    }
  }

  #lose(error: Error, onLost: () => void): void {
    if (this.#lost !== undefined) return;
    this.#lost = error;
    for (const pending of this.#pending.splice(0)) pending.fail(error);
    onLost();
  }
}

// All that the guardian has of the user's environment: what the engine's client reads beside the options that it is given, and by what
// a container of its own changes the kernel.
const clientVariables = [
  'DOCKER_HOST',
  'DOCKER_TLS_VERIFY',
  'DOCKER_CERT_PATH',
  'DOCKER_PATH_PREFIX',
  'DOCKER_CLIENT_TIMEOUT',
  'SSH_AUTH_SOCK',
  toolsImageVariable,
];

const toReachTheEngine = (): Record<string, string> =>
  Object.fromEntries(
    clientVariables.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );

// Beside this file in the sources, and beside the bundle in the package.
const guardianScript = (): string => {
  const inSources = fileURLToPath(new URL('../leftovers/guardian.ts', import.meta.url));
  return existsSync(inSources) ? inSources : fileURLToPath(new URL('./guardian.js', import.meta.url));
};
