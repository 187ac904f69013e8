import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { joinLocalhostForward, openLocalhostForward, type LocalhostForward } from '../../src/index.ts';
import { startNode } from '../support/containers.ts';
import { byWay, optionsOf } from './strategies.ts';

/** A service that asks of each of its callers. */
const listenAndAsk = async (
  host: string,
  ask: (request: IncomingMessage) => Promise<unknown>,
): Promise<{ port: number } & AsyncDisposable> => {
  const server = createServer((request, response) => {
    void ask(request).then((answer) => response.end(JSON.stringify(answer ?? 'nobody')));
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

/** What a way of asking comes to. */
const outcome = (asked: Promise<{ id: string; labels: object } | undefined>): Promise<unknown> =>
  asked.then(
    (caller) => (caller === undefined ? 'nobody' : { id: caller.id, labels: caller.labels }),
    ({ code, message }: { code: string; message: string }) => `${code}: ${message}`,
  );

describe.each(byWay)('callers by $name with $privilege', (claims) => {
  test.each(['127.0.0.1', '::1'])('of a service on %s are told', async (host) => {
    let net: LocalhostForward | undefined;
    await using service = await listenAndAsk(host, async (request) => {
      const { remoteAddress = '', remotePort } = request.socket;
      const forms = [request, request.socket, `${remoteAddress}:${remotePort}`, remoteAddress] as const;
      return Promise.all(forms.map((form) => outcome(net?.callerOf(form) ?? Promise.reject(new Error('not open')))));
    });
    await using open = (net = await openLocalhostForward(
      { hostPort: service.port, containerPort: 80 },
      optionsOf(claims),
    ));
    const { networkName, extraHosts } = open;
    await using one = await startNode({ networkName, extraHosts, labels: { role: 'one' } });
    await using other = await startNode({ networkName, extraHosts, labels: { role: 'other' } });
    const bare = (known: unknown): unknown =>
      claims.keepsCallerAddress && host === '127.0.0.1'
        ? known
        : (expect.stringMatching(
            /^LHF_ERR_UNSUPPORTED: By the strategy \w+ every caller has the address \S+ at the service, and only the port tells them apart\nTry: server\.on/,
          ) as unknown);
    for (const [container, role] of [[one, 'one'] as const, [other, 'other'] as const]) {
      const known = { id: container.id, labels: expect.objectContaining({ role }) as object };
      expect(await container.get(open.url())).toEqual({ answer: [known, known, known, bare(known)] });
      expect(await outcome(open.callerOf(container.address))).toEqual(known);
    }
    // This host itself is no container.
    const here = await fetch(`http://${host.includes(':') ? `[${host}]` : host}:${service.port}`);
    expect(await here.json()).toEqual(['nobody', 'nobody', 'nobody', bare('nobody')]);
    // Another process has no part in a relay of this one's.
    if (claims.keepsCallerAddress && host === '::1') {
      const elsewhere = joinLocalhostForward(open.toJSON());
      expect(await outcome(elsewhere.callerOf('[::1]:4'))).toMatch(
        /^LHF_ERR_UNSUPPORTED: Who calls a service on ::1 is known in the process that opened lhf-/,
      );
      await elsewhere.close();
    }
    await Promise.all([one.remove(), other.remove()]);
  });
});
