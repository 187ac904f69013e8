import type { Strategy } from '../../src/index.ts';
import { startCaller, type Caller } from '../support/caller.ts';
import { createBare } from '../support/engine.ts';
import { settle } from '../support/machine.ts';
import { median, ratiosOf } from '../support/figures.ts';
import { closeMany, createManyBare, openMany, openUnverified, removeManyBare } from '../support/forwards.ts';
import type { Program } from '../support/program.ts';
import { bound, section, tell } from '../support/report.ts';
import { openInProcesses } from './processes.ts';

export interface TrafficPlan {
  readonly strategies: readonly Strategy[];
  /** Further forwards of the same process. */
  readonly count: number;
  /** Further processes, and the forwards of each. */
  readonly processes: number;
  readonly each: number;
  readonly rounds: number;
  readonly service: Program;
  readonly port: number;
}

/** Whose traffic is measured: a container and what it dials. */
interface Subject {
  readonly name: string;
  readonly caller: Caller;
  readonly host: string;
  readonly port: number;
}

/** What is beside it. */
interface Surroundings {
  readonly name: string;
  readonly subjects: readonly Subject[];
  /** Resolves to what takes it away again. */
  readonly enter: () => Promise<() => Promise<unknown>>;
}

const samples = 5;
const roundTripsEach = 2_000;
const connectionsEach = 1_000;

/**
 * A container's round trip and its new connections per second, alone, beside bare networks, and beside as many networks with a
 * forward each. The ratio to the bare networks is ours: what networks cost is the engine's. All of it takes turns in each round.
 */
export const measureTraffic = async (plan: TrafficPlan): Promise<void> => {
  const { strategies, count, processes, each, rounds, service, port } = plan;
  const others = await createBare();
  const nets = await Promise.all(strategies.map((strategy) => openUnverified(strategy, port)));
  const callers = [await startCaller(others.name)];
  for (const net of nets) callers.push(await startCaller(net.networkName));
  const [otherCaller, ...ownCallers] = callers;
  const otherPort = await service.ask<number>(`listen ${others.gateway}`);
  const other: Subject[] = otherCaller
    ? [{ name: "somebody else's", caller: otherCaller, host: others.gateway, port: otherPort }]
    : [];
  const own = nets.flatMap((net, n): Subject[] => {
    const caller = ownCallers[n];
    return caller ? [{ name: net.strategy, caller, host: net.gateway, port }] : [];
  });

  const bare = (total: number): Surroundings => ({
    name: bareName(total),
    subjects: [...own, ...other],
    enter: async () => {
      const networks = await createManyBare(total);
      return () => removeManyBare(networks);
    },
  });
  const beside = strategies.flatMap((strategy): (Surroundings & { total: number })[] => {
    const subjects = [...own.filter(({ name }) => name === strategy), ...other];
    return [
      {
        name: `${count} × ${strategy}`,
        total: count,
        subjects,
        enter: async () => {
          const opened = await openMany(strategy, port, count);
          return () => closeMany(opened);
        },
      },
      {
        name: `${processes} processes × ${each} × ${strategy}`,
        total: processes * each,
        subjects,
        enter: () => openInProcesses({ strategy, port, processes, each }),
      },
    ];
  });
  const all: Surroundings[] = [
    { name: 'alone', subjects: [...own, ...other], enter: async () => async () => undefined },
    // Those that are compared come one after the other.
    ...[...new Set([count, processes * each])].flatMap((total) => [
      bare(total),
      ...beside.filter((one) => one.total === total),
    ]),
  ];

  const seen = new Map<string, Taken[]>();
  for (let round = 0; round < rounds; round += 1) {
    // There and back, so that what drifts does not always meet the same one last.
    for (const surroundings of round % 2 === 0 ? all : all.toReversed()) {
      const leave = await surroundings.enter();
      // What is measured is to be what stands there, and not what its making still costs.
      await settle();
      for (const subject of surroundings.subjects) {
        const key = keyOf(subject.name, surroundings.name);
        seen.set(key, [...(seen.get(key) ?? []), await measure(subject)]);
      }
      await leave();
    }
  }
  for (const { name } of [...own, ...other]) {
    const of = (what: keyof Taken, surroundings: string): number[] =>
      (seen.get(keyOf(name, surroundings)) ?? []).map((taken) => taken[what]);
    section(`${name} traffic, ${rounds} rounds`);
    for (const surroundings of all) {
      if (!seen.has(keyOf(name, surroundings.name))) continue;
      tell(`round trip, ${surroundings.name}`, of('roundTrip', surroundings.name), 'µs');
      tell(`new connections, ${surroundings.name}`, of('connections', surroundings.name), '/s');
    }
    for (const { name: ours, total } of beside) {
      if (!seen.has(keyOf(name, ours))) continue;
      const ratios = (what: keyof Taken, base: string): number[] => ratiosOf(of(what, ours), of(what, base));
      tell(`round trip, ${ours} : alone`, ratios('roundTrip', 'alone'), 'x');
      bound(`round trip, ${ours} : bare`, ratios('roundTrip', bareName(total)), { most: 1.15 });
      bound(`new connections, ${ours} : bare`, ratios('connections', bareName(total)), { least: 0.9 });
    }
  }
  await Promise.all(callers.map((caller) => caller.remove()));
  await Promise.all([...nets.map((net) => net.close()), others.remove()]);
};

interface Taken {
  readonly roundTrip: number;
  readonly connections: number;
}

const measure = async ({ caller, host, port }: Subject): Promise<Taken> => {
  const taken: Taken[] = [];
  for (let n = 0; n < samples; n += 1) {
    taken.push({
      roundTrip: await caller.roundTrips(host, port, roundTripsEach),
      connections: await caller.connections(host, port, connectionsEach),
    });
  }
  return {
    roundTrip: median(taken.map(({ roundTrip }) => roundTrip)),
    connections: median(taken.map(({ connections }) => connections)),
  };
};

const keyOf = (subject: string, surroundings: string): string => `${subject}, ${surroundings}`;

const bareName = (total: number): string => `${total} bare networks`;
