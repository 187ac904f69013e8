// What a forward costs over what it needs anyway: `node bench/open-close.ts [--rounds 25] [--proofs 10] [--strategies
// nftables,iptables] [--peer 5]`. The engine's own create, remove and start of a container take turns with ours in one run, and so does
// testcontainers' `exposeHostPorts`, in a new process each time (`--peer 0` leaves it out; it needs `script/bootstrap bench`).
import { openLocalhostForward, type Strategy } from '../src/index.ts';
import { readNumbers, readStrategies } from './support/arguments.ts';
import { runBench } from './support/bench.ts';
import { startCaller } from './support/caller.ts';
import { createBare } from './support/engine.ts';
import { ratiosOf, timed } from './support/figures.ts';
import { importForwarderImage } from './data-path/testcontainers.ts';
import type { ExposeAnswer } from './programs/testcontainers.ts';
import { openUnverified } from './support/forwards.ts';
import { startProgram } from './support/program.ts';
import { bound, section, tell } from './support/report.ts';

const { rounds, proofs, peer } = readNumbers({ rounds: 25, proofs: 10, peer: 5 });
const bounds = {
  open: 1.1,
  close: 1.1,
  firstStarts: 1.15,
  laterStarts: 0.25,
  portMs: 2,
  portToPeer: 0.1,
  firstToPeer: 1,
};
/** Ports that come while each is open. */
const livePorts = 5;
/** The first rounds load and warm what every later one has. */
const warming = 2;

const noFigures = <Name extends string>(...names: readonly Name[]): Record<Name, number[]> =>
  Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;

const engineAlone = noFigures('create', 'remove', 'start');
const figuresOf = () => noFigures('open', 'close', 'port', 'first', 'later', 'firstStarts', 'laterStarts');
const ours = new Map<Strategy, ReturnType<typeof figuresOf>>(
  readStrategies().map((strategy) => [strategy, figuresOf()]),
);

const theirs = noFigures('cold', 'second');
let forwarderImage: string | undefined;

await runBench(import.meta.filename, async () => {
  await using service = startProgram('service.ts');
  const port = await service.ask<number>('listen 127.0.0.1');
  for (let round = -warming; round < rounds; round += 1) {
    const keep = (list: number[], ms: number): void => void (round >= 0 && list.push(ms));
    const [created, network] = await timed(createBare);
    keep(engineAlone.create, created);
    keep(engineAlone.remove, (await timed(() => network.remove()))[0]);
    for (const [strategy, figures] of ours) {
      const [opened, net] = await timed(() => openUnverified(strategy, port));
      keep(figures.open, opened);
      for (let containerPort = 80; containerPort < 80 + livePorts; containerPort += 1)
        keep(figures.port, (await timed(() => net.forward({ hostPort: port, containerPort })))[0]);
      // Not between two: the kernel makes whoever adds a rule wait until one that was just deleted is freed.
      for (let containerPort = 80; containerPort < 80 + livePorts; containerPort += 1)
        await net.unforward(containerPort);
      keep(figures.close, (await timed(() => net.close()))[0]);
    }
  }
  for (let round = -1; round < proofs; round += 1) {
    const keep = (list: number[], ms: number): void => void (round >= 0 && list.push(ms));
    const [created, network] = await timed(createBare);
    const caller = await startCaller(network.name);
    keep(engineAlone.start, caller.startMs);
    await caller.remove();
    await network.remove();
    for (const [strategy, figures] of ours) {
      // Nothing of this process is open before the first, which stays open beside the second.
      const [firstMs, first] = await timed(() => openLocalhostForward(port, { strategy }));
      const [laterMs, later] = await timed(() => openLocalhostForward(port, { strategy }));
      keep(figures.first, firstMs);
      keep(figures.later, laterMs);
      keep(figures.firstStarts, (firstMs - created) / caller.startMs);
      keep(figures.laterStarts, (laterMs - created) / caller.startMs);
      await later.close();
      await first.close();
    }
    if (round < 0 || round >= peer) continue;
    forwarderImage ??= await importForwarderImage();
    await using forwarder = startProgram('testcontainers.ts', [forwarderImage, 'no-delay']);
    const [cold, second] = [
      await forwarder.ask<ExposeAnswer>(`expose ${port}`),
      await forwarder.ask<ExposeAnswer>(`expose ${port + 1}`),
    ];
    theirs.cold.push(cold.ms);
    theirs.second.push(second.ms);
  }

  section(`${rounds} rounds, ${proofs} of proofs; the engine alone`);
  tell('create', engineAlone.create, 'ms');
  tell('remove', engineAlone.remove, 'ms');
  tell('start of a container, to its first word', engineAlone.start, 'ms');
  if (peer > 0) {
    tell("testcontainers' first port, without a proof or its reaper", theirs.cold, 'ms');
    tell("testcontainers' second port", theirs.second, 'ms');
  }
  for (const [strategy, figures] of ours) {
    section(`open and close, ${strategy}`);
    tell('open without a proof', figures.open, 'ms');
    bound('open : create', ratiosOf(figures.open, engineAlone.create), { most: bounds.open });
    tell('close', figures.close, 'ms');
    bound('close : remove', ratiosOf(figures.close, engineAlone.remove), { most: bounds.close });
    bound('a port more, while open', figures.port, { most: bounds.portMs }, 'ms');
    tell('the first proven opening', figures.first, 'ms');
    bound('the first, beyond create', figures.firstStarts, { most: bounds.firstStarts }, 'starts');
    tell('a later proven opening', figures.later, 'ms');
    bound('a later one, beyond create', figures.laterStarts, { most: bounds.laterStarts }, 'starts');
    if (peer === 0) continue;
    bound("the first, proven : testcontainers' first", ratiosOf(figures.first, theirs.cold), {
      most: bounds.firstToPeer,
    });
    bound("a port more : testcontainers' second", ratiosOf(figures.port, theirs.second), { most: bounds.portToPeer });
  }
});
