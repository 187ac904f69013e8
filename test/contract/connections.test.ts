import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ForwardHandover, openLocalhostForward, type LocalhostForward } from '../../src/index.ts';
import { projectRoot, spawnScript } from '../support/children.ts';
import { type NodeContainer, startNode } from '../support/containers.ts';
import { snapshotHere } from '../support/leftovers.ts';
import { listenSockets, listenTcp } from '../support/services.ts';
import { until } from '../support/until.ts';
import { renderLeft } from './left.ts';
import { byWay, optionsOf } from './strategies.ts';
import { digestOf, listenForDownloads, listenForUploads, listenLines } from './streams.ts';

const opensAndForgets = `${projectRoot}test/contract/programs/open-and-forget.ts`;

const host = 'host.docker.internal';
// Nothing answers where a packet is dropped; an answer takes a thousandth of this.
const silenceMs = 1_000;
const large = 64 * 1024 * 1024;

describe.each(byWay)('connections by $name with $privilege', (claims) => {
  const options = optionsOf(claims);
  const cut = claims.tellsResets ? 'ECONNRESET' : 'END';
  let net: LocalhostForward;
  let container: NodeContainer;

  beforeAll(async () => {
    net = await openLocalhostForward([], options);
    container = await startNode({ networkName: net.networkName, extraHosts: net.extraHosts });
  });
  afterAll(async () => {
    await container?.remove();
    await net?.close();
  });

  const open = async (containerPort: number): Promise<number> => {
    const { answer, error } = await container.open(host, containerPort);
    if (answer === undefined) throw new Error(error);
    return answer;
  };

  test('either side may end first, and the other one goes on', async () => {
    await using service = await listenLines();
    await net.forward({ hostPort: service.port, containerPort: 80 });
    const first = await open(80);
    expect(await container.ask(first, 'hello')).toEqual({ answer: 'hello' });
    expect(await container.finish(first)).toEqual({ answer: 'hello\nyou have ended\n' });
    const second = await open(80);
    expect(await container.ask(second, 'end')).toEqual({ answer: 'over' });
    expect(await container.fate(second)).toEqual({ answer: 'END' });
    await container.say(second, 'after the end');
    await until(() => service.received.includes('after the end'));
    await container.finish(second);
    await until(() => service.ended.length === 2);
    expect(service.ended).toEqual(['END', 'END']);
    await net.unforward(80);
  });

  test('a reset is a reset on the other side', async () => {
    await using service = await listenLines();
    await net.forward({ hostPort: service.port, containerPort: 80 });
    const first = await open(80);
    await container.say(first, 'reset');
    expect(await container.fate(first)).toEqual({ answer: cut });
    const second = await open(80);
    expect(await container.ask(second, 'hello')).toEqual({ answer: 'hello' });
    await container.reset(second);
    await until(() => service.ended.length === 1);
    expect(service.ended).toEqual([claims.tellsCallersResets === false ? 'END' : cut]);
    await net.unforward(80);
  });

  test('much arrives whole, both ways', async () => {
    await using uploads = await listenForUploads();
    await using downloads = await listenForDownloads(large);
    await net.forward({ hostPort: uploads.port, containerPort: 81 });
    await net.forward({ hostPort: downloads.port, containerPort: 82 });
    const sha256 = digestOf(large);
    expect(await container.upload(host, 81, large)).toEqual({ answer: `${large} ${sha256}` });
    expect(await container.digest(await open(82))).toEqual({ answer: { bytes: large, sha256 } });
    await Promise.all([net.unforward(81), net.unforward(82)]);
  });

  test('who does not read makes its service wait', async () => {
    await using downloads = await listenForDownloads(large);
    await using other = await listenTcp();
    await net.forward({ hostPort: downloads.port, containerPort: 82 });
    await net.forward({ hostPort: other.port, containerPort: 83 });
    const slow = await open(82);
    await container.pause(slow, true);
    // Stalled is what does not move while somebody else is served.
    let before = -1;
    await until(
      async () => {
        const unsent = downloads.unsent();
        const isStill = unsent === before;
        before = unsent;
        expect(await container.get(net.url(83))).toMatchObject({ answer: { marker: other.marker } });
        return isStill;
      },
      { everyMs: 100, what: 'the service to wait' },
    );
    expect(downloads.unsent()).toBeGreaterThan(large / 4);
    await container.pause(slow, false);
    expect(await container.digest(slow)).toEqual({ answer: { bytes: large, sha256: digestOf(large) } });
    await Promise.all([net.unforward(82), net.unforward(83)]);
  });

  test('two hundred at once are not mixed up', async () => {
    await using service = await listenLines();
    await net.forward({ hostPort: service.port, containerPort: 84 });
    expect(await container.askAtOnce(host, 84, 200)).toEqual({ answer: 200 });
    if (claims.counts !== 'nothing') expect(await net.hits(84)).toMatchObject({ connections: 200 });
    expect(new Set(service.received).size).toBe(200);
    await net.unforward(84);
  });

  test('what is established ends with its port, and with no other one', async () => {
    await using service = await listenLines();
    await net.forward({ hostPort: service.port, containerPort: 85 });
    await net.forward({ hostPort: service.port, containerPort: 86 });
    const [ending, staying] = [await open(85), await open(86)];
    expect(await container.ask(ending, 'one')).toEqual({ answer: 'one' });
    expect(await container.ask(staying, 'two')).toEqual({ answer: 'two' });
    await net.unforward(85);
    expect(await container.ask(ending, 'three')).toEqual({ error: cut });
    expect(await container.ask(staying, 'four')).toEqual({ answer: 'four' });
    expect(service.received).toEqual(['one', 'two', 'four']);
    await net.unforward(86);
  });

  test('a service that goes on saying something is told, too, when its port is closed', async () => {
    const begun: string[] = [];
    const ended: string[] = [];
    const speak = (socket: Socket): void => {
      begun.push('here');
      const speaking = setInterval(() => socket.write('still here\n'), 20);
      socket
        .on('error', () => undefined)
        .on('close', () => {
          clearInterval(speaking);
          ended.push('over');
        });
      socket.resume();
    };
    await using service = await listenSockets(speak);
    await net.forward({ hostPort: service.port, containerPort: 88 });
    await open(88);
    // Whoever carries has accepted before the service has: cut between the two, there is nobody to tell.
    await until(() => begun.length === 1, { what: 'the service to be called' });
    await net.unforward(88);
    await until(() => ended.length === 1, { what: 'the service to be told' });
  });

  test('what is established ends with its port when the number comes to stand for another service', async () => {
    await using service = await listenLines();
    await using successor = await listenLines();
    await net.forward({ hostPort: service.port, containerPort: 87 });
    const ending = await open(87);
    expect(await container.ask(ending, 'one')).toEqual({ answer: 'one' });
    await net.unforward(87);
    await net.forward({ hostPort: successor.port, containerPort: 87 });
    expect(await container.ask(ending, 'two')).toEqual({ error: cut });
    expect(await container.ask(await open(87), 'three')).toEqual({ answer: 'three' });
    expect([service.received, successor.received]).toEqual([['one'], ['three']]);
    await net.unforward(87);
  });

  test('what is established keeps no process alive, and ends with it', async () => {
    await using service = await listenLines();
    const before = await snapshotHere();
    await using owner = spawnScript({ file: opensAndForgets, args: [JSON.stringify(options), String(service.port)] });
    const handover = JSON.parse(await owner.waitForLine(/^\{/)) as ForwardHandover;
    await using caller = await startNode(handover);
    const { answer: connection = -1 } = await caller.open(host, 80);
    expect(await caller.ask(connection, 'one')).toEqual({ answer: 'one' });
    owner.endInput();
    expect(await owner.exit, owner.stderr()).toEqual({ code: 0, signal: null });
    expect(await caller.ask(connection, 'two', silenceMs)).toEqual({ error: claims.closesWith });
    await caller.remove();
    let left = 'no look came to its end';
    const isGone = async (): Promise<boolean> => (left = renderLeft(claims, before, await snapshotHere())) === '';
    await until(isGone).catch(() => undefined);
    expect(left).toBe('');
  });

  test('what is established ends with the forward', async () => {
    await using service = await listenLines();
    const ending = await openLocalhostForward({ hostPort: service.port, containerPort: 80 }, options);
    await using caller = await startNode(ending);
    const { answer: connection = -1 } = await caller.open(host, 80);
    expect(await caller.ask(connection, 'one')).toEqual({ answer: 'one' });
    const warned = new Promise((resolve) => process.once('warning', resolve));
    await ending.close();
    // The container is still attached, and told about.
    await warned;
    expect(await caller.ask(connection, 'two', silenceMs)).toEqual({ error: claims.closesWith });
    expect(service.received).toEqual(['one']);
  });
});
