import { clearTimeout, now, setTimeout, within } from '../clock.ts';
import { readFile } from 'node:fs/promises';
import { debug } from '../command/debug.ts';
import type { CommandOptions, CommandResult } from '../command/run.ts';
import type { Watch } from '../command/watch.ts';
import { statusOf } from '../engine/engine.ts';
import { underNoSignal } from '../engine/limit.ts';
import { dockerUnavailable } from '../engine/unavailable.ts';
import { ContainerLease } from './container-lease.ts';
import type { Lease } from './lease.ts';
import type { Privileges } from './privileges.ts';
import type { RootArgv } from './programs.ts';
import { RightsContainer, type Ending, type NoteHelper, type RightsEngine } from './rights-container.ts';

/** How long a container that nobody uses stays for the next call, in milliseconds. */
const idleMs = 2_000;

/** One for each engine, whichever client asks. */
const known = new Map<string, ContainerPrivileges>();

/** The right to change the kernel, of everybody who may start containers: one container of this process, started when it is needed. */
export const containerPrivileges = (engine: RightsEngine): Privileges => {
  const endpoint = engine.facts?.endpoint ?? 'the engine';
  const privileges = known.get(endpoint) ?? new ContainerPrivileges(endpoint, engine);
  known.set(endpoint, privileges);
  privileges.engine = engine;
  return privileges;
};

class ContainerPrivileges implements Privileges {
  readonly handle = { kind: 'container' } as const;
  /** The client that was given last starts the next one. */
  engine: RightsEngine;
  readonly #endpoint: string;
  /** Those whose removal has not succeeded yet. */
  readonly #going = new Set<RightsContainer>();
  /** Why one could not be started since its first user came; undoing may have started another. */
  #trouble: unknown;
  readonly #turnedOn = new Set<string>();
  #starting: Promise<RightsContainer> | undefined;
  #running: RightsContainer | undefined;
  #users = 0;
  #note: NoteHelper | undefined;
  #idle: NodeJS.Timeout | undefined;

  constructor(endpoint: string, engine: RightsEngine) {
    this.#endpoint = endpoint;
    this.engine = engine;
  }

  check(): void {
    if (this.#trouble !== undefined && isUnanswered(this.#trouble))
      throw dockerUnavailable(this.#trouble, this.#endpoint);
  }

  async run(argv: RootArgv, { input, timeoutMs = 10_000 }: CommandOptions = {}): Promise<CommandResult> {
    const command = argv.join(' ');
    const startedAt = now();
    const printed = { stdout: '', stderr: '' };
    const ended = await this.#during((container) => runIn(container, argv, { input, timeoutMs }, printed)).catch(
      (error: Error) => ({ failure: error.message }),
    );
    const outcome = 'code' in ended ? `exit ${ended.code}` : ended.failure;
    debug(`in a container: ${command}: ${outcome}${printed.stderr === '' ? '' : `: ${printed.stderr}`}`, startedAt);
    return 'code' in ended
      ? { command, ...printed, exitCode: ended.code, failure: undefined }
      : { command, ...printed, exitCode: undefined, failure: ended.failure };
  }

  hold(text: string, args: readonly string[], environment: Readonly<Record<string, string>>): Lease {
    return new ContainerLease(this.#container(), ['sh', '-c', text, 'lhf-holder', '', ...args], environment);
  }

  async watch(argv: RootArgv, onPrinted?: (text: string) => void): Promise<Watch> {
    let printed = '';
    const ended = Promise.withResolvers<void>();
    const listener = {
      stdout: onPrinted ?? ((text: string): void => void (printed += text)),
      ended: () => ended.resolve(),
    };
    const program = await this.#container()
      .then((container) => container.start(argv, {}, listener, { isWatch: true }))
      .catch(() => undefined);
    return {
      printed: () => printed,
      stop: async () => {
        program?.stop();
        if (program !== undefined) await within(5_000, ended.promise);
        return printed;
      },
    };
  }

  async setSysctls(keys: readonly string[], value: string): Promise<string | undefined> {
    const paths = keys.map((key) => RightsContainer.pathOf(key) ?? `/proc/sys/${key}`);
    for (const key of keys) {
      if (value === '1') this.#turnedOn.add(key);
      else this.#turnedOn.delete(key);
    }
    const { exitCode, stderr, failure } = await this.run(['tee', ...paths], { input: value });
    return exitCode === 0 ? undefined : (failure ?? stderr.trim());
  }

  /** A container whose engine was killed took that for the end of this process. */
  async renew(): Promise<void> {
    const values = await Promise.all(
      [...this.#turnedOn].map(async (key) => ({
        key,
        value: await readFile(`/proc/sys/${key}`, 'utf8').catch(() => ''),
      })),
    );
    const off = values.filter(({ value }) => value.trim() === '0').map(({ key }) => key);
    if (off.length > 0) await this.setSysctls(off, '1');
  }

  use(note?: NoteHelper): { release(): Promise<void> } {
    if (this.#users === 0) this.#trouble = undefined;
    this.#note = note ?? this.#note;
    this.#take();
    let isHeld = true;
    return {
      release: async () => {
        if (isHeld) this.#give();
        isHeld = false;
        if (this.#users === 0) await this.close();
      },
    };
  }

  async close(): Promise<void> {
    clearTimeout(this.#idle);
    const [starting, running] = [this.#starting, this.#running];
    this.#starting = this.#running = undefined;
    // At once where it runs: nobody is to begin anything in it any more.
    const container = running ?? (await starting?.catch(() => undefined));
    if (container !== undefined) this.#going.add(container);
    await Promise.all(Array.from(this.#going, async (one) => one.remove().then(() => this.#going.delete(one))));
  }

  /** The container as it is now: another one where somebody ended the last. */
  #container(): Promise<RightsContainer> {
    if (this.#starting !== undefined) return this.#starting;
    const forget = (): void => {
      if (this.#starting === starting) this.#starting = this.#running = undefined;
    };
    const keep = (container: RightsContainer): void => {
      if (this.#starting === starting) this.#running = container;
    };
    const starting = underNoSignal(() => RightsContainer.start(this.engine, forget, this.#note));
    this.#starting = starting;
    starting.then(keep, (error: Error) => {
      this.#trouble = error.cause;
      forget();
    });
    return starting;
  }

  async #during<T>(work: (container: RightsContainer) => Promise<T>): Promise<T> {
    this.#take();
    try {
      return await work(await this.#container());
    } finally {
      this.#give();
    }
  }

  #take(): void {
    this.#users += 1;
    clearTimeout(this.#idle);
  }

  #give(): void {
    this.#users -= 1;
    if (this.#users > 0) return;
    this.#idle = setTimeout(() => void this.close().catch(() => undefined), idleMs).unref();
  }
}

const isUnanswered = (error: unknown): boolean =>
  statusOf(error) === undefined && typeof (error as NodeJS.ErrnoException | undefined)?.code === 'string';

const runIn = async (
  container: RightsContainer,
  argv: readonly string[],
  { input, timeoutMs }: { input: string | undefined; timeoutMs: number },
  printed: { stdout: string; stderr: string },
): Promise<Ending> => {
  const { promise, resolve } = Promise.withResolvers<Ending>();
  const program = container.start(
    argv,
    {},
    {
      stdout: (text) => (printed.stdout += text),
      stderr: (text) => (printed.stderr += text),
      ended: resolve,
    },
  );
  if (input !== undefined) program.write(input);
  program.endInput();
  const ended = await within(timeoutMs, promise);
  if (ended !== undefined) return ended;
  program.kill();
  return { failure: `took longer than ${timeoutMs} ms` };
};
