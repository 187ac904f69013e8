import type { Worker } from 'node:worker_threads';
import { debug } from '../../command/debug.ts';
import { readProgramText } from '../../engine/program-text.ts';
import { IdleEnd } from '../../lifecycle/idle-end.ts';
import { sharedIn } from '../../ownership/session.ts';
import type { Tools } from '../strategy.ts';
import type { Told } from '../told.ts';
import type { RelayAnswer, RelayOrder } from './orders.ts';
import { startThread } from './start-thread.ts';

/** What carries the bytes of a session's forwards: one thread for all of them, from the first to the last. */
export const relayThreadOf = ({ session, told }: Pick<Tools, 'session' | 'told'>): RelayThread =>
  sharedIn(session, 'relay', () => (told === undefined ? new RelayThread() : new TellingThread(told)));

interface Pending {
  // oxlint-disable-next-line typescript/no-explicit-any -- whoever asks knows what is answered
  readonly resolve: (value: any) => void;
  readonly reject: (error: Error) => void;
}

/** It keeps the process alive only while an answer is waited for, and ends with it. */
export class RelayThread {
  readonly #idle = new IdleEnd(() => this.#end());
  readonly #pending = new Map<number, Pending>();
  #worker: Worker | undefined;
  #starting: Promise<Worker> | undefined;
  #asked = 0;
  #lives = 0;

  /** Which of its lives this is: what was opened in an earlier one is gone. */
  get life(): number {
    return this.#lives;
  }

  get isLost(): boolean {
    return this.#worker === undefined;
  }

  hold(): void {
    this.#idle.take();
  }

  release(): void {
    this.#idle.give();
  }

  /** @throws the system's error where it refuses what was asked for, with its code. */
  async ask<T>(order: RelayOrder): Promise<T> {
    const worker = await (this.#starting ??= this.#start());
    const id = (this.#asked += 1);
    return new Promise<T>((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      worker.ref();
      worker.postMessage({ id, order });
    });
  }

  async #start(): Promise<Worker> {
    try {
      const text = await readProgramText('relay-worker');
      // Nothing of the user's loaders and options: it needs only Node.
      const worker = await startThread(text);
      this.#worker = worker;
      this.#lives += 1;
      worker.on('message', (answer: RelayAnswer) => this.#receive(worker, answer));
      worker.on('error', (error) => this.#lose(worker, error));
      worker.on('exit', () => this.#lose(worker, new Error('the thread that carries the bytes ended')));
      worker.unref();
      return worker;
    } catch (error) {
      this.#starting = undefined;
      throw error;
    }
  }

  #receive(worker: Worker, { id, value, error }: RelayAnswer): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return debug(`relay: ${error?.message}`);
    this.#pending.delete(id);
    if (this.#pending.size === 0) worker.unref();
    if (error === undefined) pending.resolve(value);
    else pending.reject(Object.assign(new Error(error.message), { code: error.code }));
  }

  #lose(worker: Worker, error: unknown): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    this.#starting = undefined;
    debug(`relay: ${String(error)}`);
    const lost = error instanceof Error ? error : new Error(String(error));
    for (const { reject } of this.#pending.values()) reject(lost);
    this.#pending.clear();
  }

  #end(): void {
    const worker = this.#worker;
    if (worker === undefined || this.#pending.size > 0) return;
    this.#lose(worker, new Error('it was ended'));
    worker.terminate().catch(() => undefined);
  }
}

/** In place of the thread: takes what it is told for done. */
class TellingThread extends RelayThread {
  readonly #say: Told['say'];

  constructor({ say }: Told) {
    super();
    this.#say = say;
  }

  override get isLost(): boolean {
    return false;
  }

  override async ask<T>(order: RelayOrder): Promise<T> {
    const { do: what, ...about } = order;
    // What changes nothing is left out.
    if (what !== 'ask' && what !== 'awaitSidecar')
      this.#say({ by: 'process', call: `the relay's thread: ${what}`, lines: [JSON.stringify(about)] });
    return undefined as T;
  }
}
