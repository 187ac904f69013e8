import { now } from '../clock.ts';
import { Capture } from '../capture/capture.ts';
import { chooseStrategy, type Choice } from '../choose/choose-strategy.ts';
import { lendWhereWanted } from '../choose/lend-where-wanted.ts';
import type { Failed } from '../choose/failed.ts';
import { connectEngine, sessionOn, type Engine } from '../engine/engine.ts';
import { assertAllowed } from '../host/allowed.ts';
import { coded } from '../host/coded.ts';
import { readHostFacts, type HostFacts } from '../host/facts.ts';
import { readRoutes } from '../host/routes.ts';
import { underSignal } from '../engine/limit.ts';
import { sweepQuietly } from '../leftovers/sweep-quietly.ts';
import { Patience } from '../lifecycle/patience.ts';
import { UndoStack } from '../lifecycle/undo-stack.ts';
import { assertOwnNames } from '../network/hermetic.ts';
import { parseOpenArguments, type PlannedPort, type ResolvedOptions } from '../options/options.ts';
import { namesOf } from '../ownership/names.ts';
import { nextId, sharedIn } from '../ownership/session.ts';
import { privilegesOf, type Privileges } from '../privilege/privileges.ts';
import { openings } from '../proof/calm.ts';
import { isDialled } from '../proof/context.ts';
import { holdProbe } from '../proof/probe-hold.ts';
import { noteHelper } from '../strategies/held-bridges.ts';
import { keyOf } from '../strategies/strategy.ts';
import type { LocalhostForward, LocalhostForwardOptions, Ports } from '../types.ts';
import { endAfterAbort, stopIfAborted, untilAborted, withStays } from './abort-opening.ts';
import { connectRoute } from './connect-route.ts';
import { openByFirstStrategy } from './open-by-first-strategy.ts';
import { OpenForward } from './open-forward.ts';
import { openPort, probedPortOf, type OpenPort } from './ports.ts';
import { tellProgress } from './progress.ts';

/** How long all of a forward's undoing may take together, in milliseconds. */
const undoDeadlineMs = 30_000;

/**
 * Opens a forward: containers on its network reach the named ports of this host's 127.0.0.1, and nothing else there.
 * Close it, or declare it with `await using`.
 *
 * @param ports - Service ports, see {@link Ports}. An empty list opens a network to add ports to later.
 * @returns The open forward, proven from a container unless `verify` is false.
 * @throws LocalhostForwardError with any code of {@link errorCodes} but `LHF_ERR_CLOSE` and `LHF_ERR_CLOSED`; nothing is left then.
 *
 * @example
 * await using net = await openLocalhostForward(8088);
 * console.log(net.url(), net.dockerRunArgs);
 */
export const openLocalhostForward = async (
  ports: Ports,
  options: LocalhostForwardOptions = {},
): Promise<LocalhostForward> => {
  const plan = parseOpenArguments(ports, options, process.env);
  // The engine is for it alone until it has ended.
  const endOpening = openings.disturb();
  return coded('Opening the forward', async () => {
    await assertAllowed();
    const { signal } = plan.options;
    return endAfterAbort(
      underSignal(signal, () => openPlanned(plan)),
      signal,
    );
  }).finally(endOpening);
};

const openPlanned = async (plan: ReturnType<typeof parseOpenArguments>): Promise<LocalhostForward> => {
  // Ask the host what it is, and choose.
  const [engine, own] = await untilAborted(
    Promise.all([connectEngine(plan.options.docker), readHostFacts()]),
    plan.options.signal,
  );
  const host = await untilAborted(lendWhereWanted(plan.options, own, engine), plan.options.signal);
  stopIfAborted(plan.options.signal);
  const protocols = plan.ports.map(({ protocol }) => protocol);
  const choose = (failed?: Failed): Choice =>
    chooseStrategy({ host, engine: engine.facts }, { ...plan.options, protocols }, failed);
  const first = choose();
  if (plan.options.hermetic) await assertOwnNames(engine.facts);
  const { opened } = await openByFirstStrategy(first, choose, (choice) => openBy({ ...plan, engine, host, choice }));
  return opened;
};

interface Opening {
  readonly ports: readonly PlannedPort[];
  readonly options: ResolvedOptions;
  readonly engine: Engine;
  readonly host: HostFacts;
  readonly choice: Choice;
}

const openBy = async ({ ports, options, engine, host, choice }: Opening): Promise<LocalhostForward> => {
  const session = sessionOn(engine, choice.privilege);
  let net: OpenForward | undefined;
  const undo = new UndoStack(sharedIn(session, 'patience', () => new Patience()));
  try {
    stopIfAborted(options.signal);
    const privileges = privilegesOf({ kind: choice.privilege }, engine);
    const tools = { session, engine, host, privileges };
    const rights = privileges.use(noteHelper(tools));
    undo.push('what changes the kernel', () => rights.release());
    const names = namesOf(nextId(session), { isJoined: engine.facts.job?.network === 'own' });

    // Closing waits for it; whoever gave up does not wait.
    let sweeping = Promise.resolve();
    const sweep = (): void => {
      if (options.signal?.aborted !== true) sweeping = sweepQuietly(tools);
    };
    undo.push('the sweep of what dead runs left', () => sweeping);

    // The first to be proven starts the probe; the last to close takes it away.
    const probe = holdProbe(session, 'owners');
    undo.push('the probe container', () => probe.release());

    // The network's subnet will be one that no route has; which ones do is asked of a program, beside what is asked of the kernel.
    void readRoutes();

    // Something on 127.0.0.1 that a proof can recognise.
    const openPorts = new Map<string, OpenPort>();
    const { listener: asked } = options;
    const capture = new Capture({ hostnames: options.hostnames, callerOf: async (request) => net?.callerOf(request) });
    const listener = asked === false ? asked : asked === true ? capture.listenerFor : () => asked;
    undo.push('listeners on 127.0.0.1', () => closePorts(openPorts));
    const startedAt = now();
    for (const port of ports) {
      const opened = await openPort(port, { verify: options.verify, listener });
      openPorts.set(keyOf(opened.mapping), opened);
    }
    tellProgress('listener', startedAt, () =>
      [...openPorts.values()].map(({ mapping }) => `127.0.0.1:${mapping.hostPort}`).join(', '),
    );
    stopIfAborted(options.signal);

    // The network, and a strategy's way from it to the host's loopback.
    const dialled = [...openPorts.values()].map(probedPortOf).map(isDialled);
    const isProven = options.verify !== false && dialled.length > 0 && dialled.every(Boolean);
    const connecting = connectRoute({ names, openPorts, options, strategy: choice.strategy, isProven }, tools);
    const connected = await connecting.catch((error: unknown) => {
      sweep();
      privileges.check();
      throw error;
    });
    undo.push(`network and rules of ${names.network}`, () => by(privileges, () => connected.close()));
    undo.push(`the probe on ${names.network}`, () => probe.leave());
    stopIfAborted(options.signal);

    // Prove it from a container, and hand it to the body. What dead runs left goes when the engine has done its work for us, for which
    // looking for it would be in the way.
    net = new OpenForward({
      names,
      tools,
      choice,
      ...connected,
      openPorts,
      ...(asked === true && { requestLog: capture.log }),
      probe,
      undo,
      undoDeadlineMs,
      options,
    });
    await net.prove(options.signal).finally(sweep);
    await Promise.all([...openPorts.values()].map((port) => port.handOver()));
    stopIfAborted(options.signal);
    session.open.set(net.id, net);
    return net;
  } catch (error) {
    // Undo everything, whatever happened. The first error is the one to tell.
    const failures = await undo.run(undoDeadlineMs);
    throw failures.length === 0 ? error : withStays(error, failures);
  }
};

/** By rights that are kept ready for it, also where it is tried again after all else is closed. */
const by = async (privileges: Privileges, work: () => Promise<void>): Promise<void> => {
  const rights = privileges.use();
  try {
    await work();
  } finally {
    await rights.release();
  }
};

const closePorts = async (ports: Map<string, OpenPort>): Promise<void> => {
  await Promise.all([...ports.values()].map((port) => port.close()));
};
