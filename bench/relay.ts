// How fast relay and sidecar carry, by ratios to a relay of `pipe`: `node bench/relay.ts [--rounds 5] [--megabytes 500]
// [--connections 3000] [--lanes 32]`. Its ends are a C program, since those in Node would be the limit: it needs gcc.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { openLocalhostForward } from '../src/index.ts';
import { type Caller, startCaller } from './support/caller.ts';
import { docker } from './support/engine.ts';
import { readNumbers } from './support/arguments.ts';
import { runBench } from './support/bench.ts';
import { ratiosOf } from './support/figures.ts';
import { programPath, startProgram } from './support/program.ts';
import { bound, tell } from './support/report.ts';

const { rounds, megabytes, connections, lanes, port } = readNumbers({
  rounds: 5,
  megabytes: 500,
  connections: 3_000,
  lanes: 32,
  port: 18_977,
});
const run = promisify(execFile);

/** Whose network it is dialled from, and where. */
interface Way {
  readonly pid: number;
  readonly to: readonly string[];
}

const pidOf = async (id: string): Promise<number> => (await docker.getContainer(id).inspect()).State.Pid;

await runBench(import.meta.filename, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lhf-bench-'));
  const ends = join(folder, 'ends');
  await run('gcc', ['-O2', '-pthread', '-o', ends, programPath('ends.c')]);
  const service = spawn(ends, ['serve', String(port)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const callers: Caller[] = [];
  try {
    await once(service.stdout, 'data');
    const options = { verify: false } as const;
    await using relay = await openLocalhostForward(port, { ...options, strategy: 'relay' });
    await using sidecar = await openLocalhostForward(port, { ...options, strategy: 'sidecar' });
    await using pipe = startProgram('pipe-relay.ts', [relay.gateway, String(port)]);
    const pipePort = await pipe.ask<number>('');
    callers.push(await startCaller(relay.networkName), await startCaller(sidecar.networkName));
    const [besideRelay = 0, besideSidecar = 0] = await Promise.all(callers.map(({ id }) => pidOf(id)));
    const ways: Record<string, Way> = {
      pipe: { pid: besideRelay, to: [relay.gateway, String(pipePort)] },
      relay: { pid: besideRelay, to: [relay.gateway, String(port)] },
      sidecar: { pid: besideSidecar, to: [sidecar.gateway, String(port)] },
    };
    // In the container's network, with this host's files.
    const measure = async (verb: string, { pid, to }: Way, ...more: number[]): Promise<number> => {
      const words = ['-t', String(pid), '-n', ends, verb, ...to, ...more.map(String)];
      return Number((await run('nsenter', words)).stdout);
    };
    for (const [what, unit, once_] of [
      ['bulk', 'MB/s', (way: Way) => measure('push', way, megabytes * 1_000_000)],
      ['connections', '/s', (way: Way) => measure('connect', way, connections, lanes)],
    ] as const) {
      const seen: Record<string, number[]> = {};
      for (let round = 0; round <= rounds; round += 1)
        for (const [name, way] of Object.entries(ways)) {
          const value = await once_(way);
          // The first round warms all of them up.
          if (round > 0) (seen[name] ??= []).push(value);
        }
      for (const [name, values] of Object.entries(seen)) tell(`${what}, ${name}`, values, unit);
      bound(`${what}, relay to pipe`, ratiosOf(seen['relay'] ?? [], seen['pipe'] ?? []), { least: 1.5 });
      bound(`${what}, sidecar to relay`, ratiosOf(seen['sidecar'] ?? [], seen['relay'] ?? []), { least: 0.5 });
    }
  } finally {
    await Promise.all(callers.map((caller) => caller.remove()));
    service.kill();
    await rm(folder, { recursive: true });
  }
});
