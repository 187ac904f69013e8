import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Carried } from '../../../src/programs/carry.cjs';
import { dial, hasHandles, listen } from '../../../src/programs/ends.cjs';
import { until } from '../../support/until.ts';

test('this Node gives its handles', () => expect(hasHandles).toBe(true));

describe.each([
  ['handles', true],
  ['sockets', false],
])('carrying by %s', (_name, withHandles) => {
  /** A service, and what carries to it. */
  const carry = async (serve: (socket: Socket) => void) => {
    const server = createServer({ allowHalfOpen: true }, (socket) => serve(socket.on('error', () => undefined)));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const count = { attempts: 0, connections: 0, packets: 0, bytes: 0, proofs: 0 };
    const over = { times: 0 };
    const listening = await listen(
      { address: '127.0.0.1', port: 0 },
      (caller) =>
        dial(
          { host: '127.0.0.1', port },
          (service) => {
            if (service === undefined) caller.reset();
            else new Carried(caller, service, { count, onOver: () => (over.times += 1) }).begin();
          },
          withHandles,
        ),
      withHandles,
    );
    onTestFinished(() => listening.close());
    const call = (): Socket => {
      const socket = connect({ host: '127.0.0.1', port: listening.port, allowHalfOpen: true });
      onTestFinished(() => void socket.destroy());
      return socket;
    };
    return { call, count, over, server };
  };

  const failureOf = async (socket: Socket): Promise<string | undefined> => {
    const [{ code }] = (await once(socket.resume(), 'error')) as [NodeJS.ErrnoException];
    return code;
  };

  test('bytes arrive whole and are counted, and either side may end first', async () => {
    const { call, count, over } = await carry((socket) => void text(socket).then((heard) => socket.end(`${heard}!`)));
    const sent = 'localhost'.repeat(700_000);
    expect(await text(call().end(sent))).toBe(`${sent}!`);
    await until(() => over.times === 1);
    expect(count.bytes).toBe(2 * sent.length + 1);
    const other = await carry((socket) => socket.end('over').resume());
    const socket = other.call();
    expect(await text(socket)).toBe('over');
    socket.end('after the end');
    await until(() => other.over.times === 1);
    expect(other.count.bytes).toBe('over'.length + 'after the end'.length);
  });

  test('resets are passed on, and who is absent is answered by one', async () => {
    const { call, server } = await carry((socket) => socket.once('data', () => socket.resetAndDestroy()));
    const socket = call();
    socket.write('x');
    expect(await failureOf(socket)).toBe('ECONNRESET');
    server.close();
    expect(await failureOf(call())).toBe('ECONNRESET');
    const ended: string[] = [];
    const { call: callOther } = await carry((one) => {
      one.on('error', (error: NodeJS.ErrnoException) => ended.push(error.code ?? ''));
      one.resume().write('x');
    });
    const other = callOther();
    await once(other, 'data');
    other.resetAndDestroy();
    await until(() => ended.length === 1);
    expect(ended).toEqual(['ECONNRESET']);
  });

  test('who does not read makes the other side wait, and loses nothing', async () => {
    const sent = Buffer.alloc(32 * 1024 * 1024, 'localhost');
    let service: Socket | undefined;
    const { call, count } = await carry((socket) => {
      service = socket;
      socket.end(sent);
    });
    const socket = call().pause();
    await once(socket, 'connect');
    // More than all buffers of the system hold: where nothing waited, all of it would come to rest on the other side.
    let before = -1;
    await until(() => {
      const isStill = count.bytes === before && before > 0;
      before = count.bytes;
      return isStill;
    });
    expect(service?.writableLength).toBeGreaterThan(0);
    let bytes = 0;
    for await (const part of socket) bytes += (part as Buffer).length;
    expect(bytes).toBe(sent.length);
  });
});
