import type { CapturedRequest, RequestMatch } from '../types.ts';
import { matches } from './match.ts';

/** At most so many requests are kept. */
export const mostRequests = 1_000;
/** At most so many bytes of bodies are kept, and as many may be on their way. */
export const mostBytes = 64 * 1024 * 1024;

/** Who waits for a request: one who takes it has it alone, one who looks leaves it to others. */
export type Wish = RequestMatch & { readonly takes: boolean };

interface Waiter {
  readonly wish: Wish;
  readonly give: (request: CapturedRequest) => void;
}

/** Requests that came whole, in the order of their arrival: the newest are kept, and what was let go is counted. Each is given to one who takes it. */
export class RequestLog {
  readonly #kept: CapturedRequest[] = [];
  readonly #waiters = new Set<Waiter>();
  readonly #untaken = new Set<CapturedRequest>();
  readonly #arrivals = new WeakMap<CapturedRequest, number>();
  #arrived = 0;
  #bytes = 0;
  #dropped = 0;
  /** Connections that brought no request of HTTP, and those among them that were TLS. */
  readonly noRequests = { all: 0, tls: 0 };

  get requests(): readonly CapturedRequest[] {
    return [...this.#kept];
  }

  get dropped(): number {
    return this.#dropped;
  }

  /** The number of one that begins to come: others may be whole before it is. */
  arrive(): number {
    return (this.#arrived += 1);
  }

  add(request: CapturedRequest, arrival = this.arrive()): void {
    this.#arrivals.set(request, arrival);
    const last = this.#kept.findLastIndex((one) => (this.#arrivals.get(one) ?? 0) < arrival);
    this.#kept.splice(last + 1, 0, request);
    this.#bytes += request.body.length;
    this.#untaken.add(request);
    for (const waiter of this.#waiters) {
      const { wish, give } = waiter;
      if (!matches(wish, request) || (wish.takes && !this.#untaken.delete(request))) continue;
      this.#waiters.delete(waiter);
      give(request);
    }
    this.#trim();
  }

  /** One that came and was not kept: its client went before its end. */
  countDropped(): void {
    this.#dropped += 1;
  }

  countNoRequest(isTls: boolean): void {
    this.noRequests.all += 1;
    if (isTls) this.noRequests.tls += 1;
  }

  /** The oldest that fits: of those that nobody took, where it is to be taken. */
  find(wish: Wish): CapturedRequest | undefined {
    const found = this.#kept.find((request) => (!wish.takes || this.#untaken.has(request)) && matches(wish, request));
    if (found !== undefined && wish.takes) this.#untaken.delete(found);
    return found;
  }

  /** Gives the next one that comes and fits, once. Returns how to give that up. */
  await(wish: Wish, give: (request: CapturedRequest) => void): () => void {
    const waiter = { wish, give };
    this.#waiters.add(waiter);
    return () => void this.#waiters.delete(waiter);
  }

  #trim(): void {
    while (this.#kept.length > mostRequests || (this.#bytes > mostBytes && this.#kept.length > 1)) {
      const oldest = this.#kept.shift();
      if (oldest === undefined) return;
      this.#untaken.delete(oldest);
      this.#bytes -= oldest.body.length;
      this.#dropped += 1;
    }
  }
}
