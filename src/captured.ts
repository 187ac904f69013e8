import type { IncomingHttpHeaders } from 'node:http';

/** A container that called. */
export interface Caller {
  readonly id: string;
  /** Its name, without the slash that engines write before it. */
  readonly name: string;
  /** Its address on the forward's network. */
  readonly address: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** A request to a forward's own listener, see `net.requests`. */
export interface CapturedRequest {
  /** In capitals: `'POST'`. */
  readonly method: string;
  /** Without the query: `'/orders'`. */
  readonly path: string;
  /** As the container dialled it: `'http://host.docker.internal:8088/orders?page=2'`. */
  readonly url: string;
  /** Names in lower case. */
  readonly headers: IncomingHttpHeaders;
  /** The first 8 MiB of it. */
  readonly body: Buffer;
  /** Bytes of the body that came and were not kept. */
  readonly bodyBytesDropped: number;
  /** The body as UTF-8. */
  text(): string;
  /** @throws SyntaxError where the body is no JSON. */
  json(): unknown;
  readonly containerPort: number;
  readonly receivedAt: Date;
  /** Undefined where the engine knew of no container with that address. */
  readonly caller: Caller | undefined;
}

/** Which request is waited for: all that is given has to fit. */
export interface RequestMatch {
  /** In any case: `'post'`. */
  readonly method?: string;
  /** Without the query: the whole path, or a pattern. */
  readonly path?: string | RegExp;
  readonly containerPort?: number;
  /** How long to wait, in milliseconds. Default: 3000, which is less than runners give a test. */
  readonly timeoutMs?: number;
}
