import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Answering } from '../listener/temporary-listener.ts';
import type { Caller, CapturedRequest, Port } from '../types.ts';
import { wallClock } from '../clock.ts';
import { readBody } from './read-body.ts';
import { mostBytes, RequestLog } from './request-log.ts';

/** At most so many bytes of one body are kept. */
export const mostOfOneBody = 8 * 1024 * 1024;

export interface CaptureParts {
  /** How containers name this host, the usual one first. */
  readonly hostnames: readonly string[];
  /** Whose connection it is; a rejection counts as unknown. */
  readonly callerOf: (request: IncomingMessage) => Promise<Caller | undefined>;
}

/** Keeps what a forward's own listener is asked, and answers each request with 200. */
export class Capture {
  readonly log = new RequestLog();
  readonly #parts: CaptureParts;
  readonly #onTheirWay = { left: mostBytes };

  constructor(parts: CaptureParts) {
    this.#parts = parts;
  }

  /** A listener for one port. It answers once the request is in the log: who was answered can look there. */
  readonly listenerFor = (containerPort: () => Port): Answering =>
    Object.assign(
      (request: IncomingMessage, response: ServerResponse) => void this.#take(request, response, containerPort()),
      { onNoRequest: (isTls: boolean): void => this.log.countNoRequest(isTls) },
    );

  async #take(request: IncomingMessage, response: ServerResponse, containerPort: Port): Promise<void> {
    const receivedAt = new Date(wallClock());
    const arrival = this.log.arrive();
    const [read, caller] = await Promise.all([
      readBody(request, mostOfOneBody, this.#onTheirWay),
      this.#parts.callerOf(request).catch(() => undefined),
    ]);
    if (read === undefined) return this.log.countDropped();
    const target = request.url ?? '/';
    const captured = { ...read, receivedAt, caller, containerPort, target, request, hostname: this.#nameIn(request) };
    this.log.add(describeRequest(captured), arrival);
    response.setHeader('content-type', 'text/plain').end('localhost-forward\n');
  }

  /** The one of our names that the client dialled. */
  #nameIn({ headers }: IncomingMessage): string {
    const { hostnames } = this.#parts;
    const dialled = headers.host?.replace(/:\d+$/, '').toLowerCase();
    return hostnames.find((name) => name.toLowerCase() === dialled) ?? hostnames[0] ?? '';
  }
}

interface Captured {
  readonly request: Pick<IncomingMessage, 'method' | 'headers'>;
  readonly target: string;
  readonly hostname: string;
  readonly containerPort: Port;
  readonly body: Buffer;
  readonly dropped: number;
  readonly receivedAt: Date;
  readonly caller: Caller | undefined;
}

const describeRequest = ({ request, target, hostname, containerPort, ...rest }: Captured): CapturedRequest => {
  const { body, dropped, receivedAt, caller } = rest;
  // A client that takes us for its proxy asks for a whole URL, and `OPTIONS *` for none.
  const isWhole = /^[a-z]+:\/\//i.test(target) && URL.canParse(target);
  return Object.freeze({
    method: request.method ?? 'GET',
    path: isWhole ? new URL(target).pathname : (target.split('?', 1)[0] ?? target),
    url: isWhole ? target : `http://${hostname}:${containerPort}${target === '*' ? '' : target}`,
    headers: request.headers,
    body,
    bodyBytesDropped: dropped,
    text: () => body.toString('utf8'),
    json: () => JSON.parse(body.toString('utf8')) as unknown,
    containerPort,
    receivedAt,
    caller,
  });
};
