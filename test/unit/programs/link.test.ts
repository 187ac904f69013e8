import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Carried } from '../../../src/programs/carry.cjs';
import { dial, listen } from '../../../src/programs/ends.cjs';
import { Link } from '../../../src/programs/link.cjs';
import { until } from '../../support/until.ts';

/** What each side says of a connection by the shared socket: see src/programs/linked-end.cjs. */
const mostShared = 65_536;

describe.each([
  ['handles', true],
  ['sockets', false],
])('a link of two processes, here both in this one, by %s', (_name, withHandles) => {
  /** A service behind a link, and how to call it. */
  const serveBehind = async (serve: (socket: Socket) => void) => {
    const folder = await mkdtemp(join(tmpdir(), 'lhf-unit-link-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const path = join(folder, 's');
    const server = createServer({ allowHalfOpen: true }, (socket) => serve(socket.on('error', () => undefined)));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const over = { inside: 0, outside: 0 };
    const count = { attempts: 0, connections: 0, packets: 0, bytes: 0, proofs: 0 };
    const inner = new Link({
      word: () => undefined,
      lost: () => undefined,
      opened: (caller, dialled) =>
        dial(
          { host: '127.0.0.1', port: dialled },
          (service) => {
            if (service === undefined) caller.reset();
            else new Carried(caller, service, { count, onOver: () => (over.inside += 1) }).begin();
          },
          withHandles,
        ),
    });
    const door = await listen({ path }, (end) => inner.receive(end), withHandles);
    onTestFinished(() => door.close());
    let dialled = 0;
    const outer = new Link({
      word: () => undefined,
      lost: () => undefined,
      dial: (done) => {
        dialled += 1;
        dial({ path }, done, withHandles);
      },
    });
    dial({ path }, (end) => end !== undefined && outer.share(end), withHandles);
    await until(() => inner.isOpen && outer.isOpen, { what: 'the link' });
    onTestFinished(() => outer.close());
    const front = await listen(
      { address: '127.0.0.1', port: 0 },
      (caller) => new Carried(caller, outer.open(port, caller.remote()), { onOver: () => (over.outside += 1) }).begin(),
      withHandles,
    );
    onTestFinished(() => front.close());
    const call = (): Socket => {
      const socket = connect({ host: '127.0.0.1', port: front.port, allowHalfOpen: true });
      onTestFinished(() => void socket.destroy());
      return socket;
    };
    return { call, over, count, inner, outer, dialled: () => dialled };
  };

  test('little and much, either way, arrives whole; only much has a socket of its own', async () => {
    const sizes = [0, 1, mostShared - 1, mostShared, mostShared + 1, 300_000, 2_000_000];
    const pairs = sizes.flatMap((there) => sizes.map((back) => ({ there, back })));
    const [said, answer] = [randomBytes(2_000_000), randomBytes(2_000_000)];
    const answerTo = async (socket: Socket): Promise<void> => {
      const heard = await buffer(socket);
      // The first four bytes are what is asked for.
      const there = heard.length - 4;
      expect(heard.subarray(4).equals(said.subarray(0, there))).toBe(true);
      socket.end(answer.subarray(0, heard.readUInt32BE(0)));
    };
    const { call, over, inner, outer, dialled } = await serveBehind((socket) => void answerTo(socket));
    await Promise.all(
      pairs.map(async ({ there, back }) => {
        const socket = call();
        const asked = Buffer.alloc(4);
        asked.writeUInt32BE(back);
        socket.write(asked);
        socket.end(said.subarray(0, there));
        const heard = await buffer(socket);
        expect(heard.equals(answer.subarray(0, back)), `${there} there, ${back} back`).toBe(true);
      }),
    );
    await until(() => over.inside === pairs.length && over.outside === pairs.length);
    expect(dialled()).toBe(pairs.filter(({ there, back }) => there + 4 > mostShared || back > mostShared).length);
    expect([inner.ends.size, outer.ends.size]).toEqual([0, 0]);
  });

  test('much is read in large pieces, though it begins with small ones', async () => {
    const { call, count, over } = await serveBehind((socket) => void socket.resume().on('end', () => socket.end()));
    const socket = call();
    socket.end(randomBytes(40_000_000));
    await buffer(socket);
    await until(() => over.inside === 1);
    expect(count.bytes).toBe(40_000_000);
    // Many times what the first buffers have room for.
    expect(count.bytes / count.packets).toBeGreaterThan(2 * 16_384);
  });

  test('who does not read makes the other side wait, and gets all of it later', async () => {
    const all = randomBytes(40_000_000);
    const services: Socket[] = [];
    const { call } = await serveBehind((socket) => void services.push(socket.pause()));
    const socket = call();
    let sent = 0;
    // In small parts, so that what is taken of it can be told.
    const send = (): void => {
      while (sent < all.length) {
        sent += 50_000;
        if (!socket.write(all.subarray(sent - 50_000, sent))) return void socket.once('drain', send);
      }
      socket.end();
    };
    send();
    await until(() => services.length === 1);
    expect(sent).toBeLessThan(all.length);
    const [service] = services;
    const heard = await buffer(service ?? socket);
    expect(heard.equals(all)).toBe(true);
  });

  test('a reset is one on the other side, whether little or much was said before', async () => {
    for (const size of [1, 1_000_000]) {
      const fates: string[] = [];
      const { call, inner, outer } = await serveBehind((socket) => {
        let heard = 0;
        socket.on('error', ({ code }: NodeJS.ErrnoException) => fates.push(code ?? ''));
        socket.on('data', (bytes: Buffer) => {
          heard += bytes.length;
          if (heard === size) socket.write('heard');
        });
      });
      const socket = call();
      socket.write(randomBytes(size));
      await once(socket, 'data');
      socket.resetAndDestroy();
      await until(() => fates.length === 1);
      expect(fates).toEqual(['ECONNRESET']);
      await until(() => inner.ends.size + outer.ends.size === 0);
    }
    const { call } = await serveBehind((socket) => socket.once('data', () => socket.resetAndDestroy()));
    const socket = call();
    socket.write('x');
    const [{ code }] = (await once(socket.resume(), 'error')) as [NodeJS.ErrnoException];
    expect(code).toBe('ECONNRESET');
  });

  test('all is reset when one side goes, also what is on its way to a socket of its own', async () => {
    const { call, inner, outer } = await serveBehind((socket) => void socket.pause());
    const sockets = Array.from({ length: 10 }, call);
    const fates = sockets.map(async (socket, n) => {
      socket.write(randomBytes(n % 2 === 0 ? 1 : 4_000_000));
      const [{ code }] = (await once(socket.resume(), 'error')) as [NodeJS.ErrnoException];
      return code;
    });
    await until(() => inner.ends.size === sockets.length);
    inner.finish();
    expect(new Set(await Promise.all(fates))).toEqual(new Set(['ECONNRESET']));
    await until(() => inner.ends.size + outer.ends.size === 0);
  });
});
