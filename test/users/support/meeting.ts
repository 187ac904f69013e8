import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { within } from '../../support/until.ts';

/** Where processes of a test wait for one another: each calls `url` and is answered when all have. */
export interface Meeting extends AsyncDisposable {
  readonly url: string;
  /** What each said after the `?`, when all have come. */
  readonly all: Promise<string[]>;
}

/** A meeting of `size` callers; with `letGo: false` nobody is ever answered. */
export const openMeeting = async (size: number, { letGo = true } = {}): Promise<Meeting> => {
  const waiting: ServerResponse[] = [];
  const said: string[] = [];
  let resolve: (said: string[]) => void = () => {};
  const promise = new Promise<string[]>((done) => (resolve = done));
  const server = createServer((request, response) => {
    waiting.push(response);
    said.push(new URL(request.url ?? '', 'http://localhost').search.slice(1));
    if (waiting.length < size) return;
    resolve(said);
    if (letGo) for (const one of waiting) one.end('all are here');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    get all() {
      return within(60_000, `${size} callers, of which ${said.length} came`, promise);
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
};
