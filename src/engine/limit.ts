import { AsyncLocalStorage } from 'node:async_hooks';
import type Docker from 'dockerode';
import { AbortController } from '../abort.ts';
import { clearTimeout, now, setTimeout, whenHeard } from '../clock.ts';
import { Progress } from '../host/progress.ts';
import { describeNonsense } from './answers.ts';
import { dockerUnavailable, nonsense } from './unavailable.ts';

/*
 * Every call to an engine has an end: an engine that answers nothing is none. A call may wait its turn among others for as long as any of
 * them is answered, or the engine is seen at work for others, since a hundred networks take it half a minute.
 */

/** The same once it has been silent for that long, until it answers again. */
const silentAgainMs = 5_000;
/** How long what is under way has left when its opening is aborted: what it makes is then known, and can be removed. */
const afterAbortMs = 2_000;
/** Registries are asked before the engine answers these, and whatever else it does is nothing to them. */
const isSlow = (call: string): boolean => call === 'POST /images/create' || call === 'POST /images/load';
/** While an engine makes or removes a hundred networks, these wait behind them; it answers all else within half a second. */
const waitsBehindNetworks = (call: string): boolean => /^\w+ \/(?:networks|containers)\b/.test(call);

const wishes = new AsyncLocalStorage<AbortSignal | undefined>();

/** Work whose calls to engines end soon after the signal has aborted. */
export const underSignal = <T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> =>
  wishes.run(signal, work);

/** Work that others wait for as well, and that no one's signal ends. */
export const underNoSignal = <T>(work: () => T): T => wishes.exit(work);

type Dial = (options: DialOptions, callback: (error: unknown, answer?: unknown) => void) => void;

interface DialOptions {
  readonly method?: string;
  readonly path?: string;
  readonly abortSignal?: AbortSignal;
}

/** How long answers are waited for. */
export interface Waits {
  /** How long an engine may answer nothing of all that it is asked, in milliseconds; a client's own `timeout` is heeded. Default 30 s. */
  readonly silentMs?: number;
  /** How long what asks a registry may take, in milliseconds. Default five minutes. */
  readonly slowMs?: number;
  /** Whether the engine gets on with what others asked of it. Default: the host is looked at. */
  readonly progress?: Progress;
}

/** The same client, each of whose calls is answered in time, by what is an answer, or fails with LHF_ERR_DOCKER_UNAVAILABLE. */
export const limitCalls = (
  docker: Docker,
  endpoint: string,
  { silentMs = 30_000, slowMs = 300_000, progress = new Progress() }: Waits = {},
): Docker => {
  const real = docker.modem as Docker['modem'] & { dial: Dial; timeout?: number };
  const named = typeof real.timeout === 'number' && real.timeout > 0 ? real.timeout : undefined;
  // Who names a time means it, whatever else the engine has to do: nothing of the host is looked at then.
  const limits = new Limits(named ?? silentMs, slowMs, named === undefined ? progress : new Progress(() => ''));
  const dial: Dial = (options, callback) => {
    const call = `${options.method ?? 'GET'} ${(options.path ?? '').replace(/\?.*$/, '')}`;
    const giveUp = new AbortController();
    let isOver = false;
    const end = (error: unknown, answer?: unknown): void => {
      if (isOver) return;
      isOver = true;
      stop();
      callback(error, answer);
    };
    const stop = limits.watch(call, wishes.getStore(), (error) => {
      end(dockerUnavailable(error, endpoint));
      giveUp.abort();
    });
    const settle = (error: unknown, answer: unknown): void => {
      if (error === null || error === undefined) {
        limits.moved();
        const words = describeNonsense(call, answer);
        end(words === undefined ? null : nonsense(call, words, endpoint), answer);
        return;
      }
      if (!isUnanswered(error)) limits.moved();
      end(isUnanswered(error) ? dockerUnavailable(error, endpoint) : error);
    };
    real.dial.call(real, { ...options, abortSignal: giveUp.signal }, settle);
  };
  // A socket's own timeout would end what is attached and silent.
  const modem = Object.create(real, { dial: { value: dial }, timeout: { value: undefined } }) as Docker['modem'];
  return Object.create(docker, { modem: { value: modem } }) as Docker;
};

const isUnanswered = (error: unknown): boolean => typeof (error as { statusCode?: unknown }).statusCode !== 'number';

/** What is waited for of one engine. */
class Limits {
  readonly #ms: number;
  readonly #slowMs: number;
  readonly #progress: Progress;
  /** Of our own calls alone. */
  readonly #answers = new Progress(() => '');
  #isSilent = false;

  constructor(ms: number, slowMs: number, progress: Progress) {
    this.#ms = ms;
    this.#slowMs = slowMs;
    this.#progress = progress;
  }

  /** It answered something. */
  moved(): void {
    this.#progress.moved();
    this.#answers.moved();
    this.#isSilent = false;
  }

  /** Tells once why a call is given up; returns how to end the watch. */
  watch(call: string, signal: AbortSignal | undefined, onEnd: (error: Error) => void): () => void {
    const startedAt = now();
    const slow = isSlow(call);
    const progress = waitsBehindNetworks(call) ? this.#progress : this.#answers;
    const ms = slow ? this.#slowMs : this.#isSilent ? Math.min(this.#ms, silentAgainMs) : this.#ms;
    let abortedAt = Infinity;
    let timer: NodeJS.Timeout | undefined;
    let isOver = false;
    const look = (): void => {
      clearTimeout(timer);
      const nextMs = Math.min(
        slow ? startedAt + ms - now() : progress.nextLook(ms, startedAt),
        abortedAt + Math.min(ms / 5, afterAbortMs) - now(),
      );
      if (nextMs > 0) {
        timer = setTimeout(() => whenHeard(lookAgain), nextMs);
        return;
      }
      const isAborted = abortedAt < Infinity;
      if (!isAborted) this.#isSilent = true;
      const when = isAborted ? 'before its opening was aborted' : `within ${ms} ms`;
      onEnd(Object.assign(new Error(`no answer to ${call} ${when}`), { code: 'ETIMEDOUT' }));
    };
    const lookAgain = (): void => {
      if (!isOver) look();
    };
    const onAbort = (): void => {
      abortedAt = now();
      look();
    };
    look();
    // One that begins after it, undoes something.
    if (signal?.aborted === false) signal.addEventListener('abort', onAbort, { once: true });
    return () => {
      isOver = true;
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    };
  }
}
