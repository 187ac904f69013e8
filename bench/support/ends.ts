import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Caller } from './caller.ts';
import { docker, folderOf } from './engine.ts';
import { programPath } from './program.ts';
import { runWord } from './run-word.ts';

const run = promisify(execFile);

/** Whose network it is dialled from, and where. */
export interface Way {
  /** A process in that network. */
  readonly pid: number;
  readonly address: string;
  readonly port: number;
}

export const metrics = {
  push: { title: 'bulk, up', unit: 'MB/s' },
  pull: { title: 'bulk, down', unit: 'MB/s' },
  connect: { title: 'new connections', unit: '/s' },
  rounds: { title: 'round trip', unit: 'µs' },
} as const;
export type Metric = keyof typeof metrics;

/** Both ends of what is measured: a C program, since ends in Node would be the limit. It needs gcc. */
export class Ends implements AsyncDisposable {
  readonly #folder: string;
  readonly #services: { kill(): void; ended: Promise<unknown> }[] = [];

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async build(): Promise<Ends> {
    const ends = new Ends(await mkdtemp(join(tmpdir(), folderOf(runWord()))));
    await run('gcc', ['-O2', '-pthread', '-o', ends.#program, programPath('ends.c')]);
    return ends;
  }

  get #program(): string {
    return join(this.#folder, 'ends');
  }

  /** Listens until the ends are disposed of. */
  async serve(address: string, port: number): Promise<void> {
    // It dies with this process, whatever ends that.
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', this.#program, 'serve', address, String(port)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#services.push({ kill: () => void child.kill(), ended: once(child, 'exit') });
    const [word] = await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
    if (!String(word).startsWith('ready')) throw new Error(`Nothing listens on ${address}:${port}`);
  }

  /** In the container's network, with this host's files. */
  async measure(metric: Metric, { pid, address, port }: Way, ...more: readonly number[]): Promise<number> {
    const words = ['-t', String(pid), '-n', this.#program, metric, address, ...[port, ...more].map(String)];
    return Number((await run('nsenter', words)).stdout);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const service of this.#services) service.kill();
    await Promise.all(this.#services.map(({ ended }) => ended));
    await rm(this.#folder, { recursive: true });
  }
}

export const pidOf = async ({ id }: Pick<Caller, 'id'>): Promise<number> =>
  (await docker.getContainer(id).inspect()).State.Pid;
