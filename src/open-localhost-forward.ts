import { connectEngine } from './engine/engine.ts';
import { LocalhostForwardError } from './errors.ts';
import { openPort, type OpenPort } from './forwarded-ports.ts';
import { readHostFacts } from './host/facts.ts';
import { UndoStack } from './lifecycle/undo-stack.ts';
import { currentSession, strategyFor } from './lifecycle/session.ts';
import { sweepQuietly } from './lifecycle/sweep.ts';
import { OpenForward } from './localhost-forward.ts';
import { openByFirstStrategy } from './open-by-first-strategy.ts';
import { parseOpenArguments } from './options.ts';
import { randomWord } from './ownership/owner.ts';
import { chooseStrategy, type Failed } from './plan/choose-strategy.ts';
import { namesOf } from './plan/names.ts';
import { privilegesOf } from './privilege/privileges.ts';
import { tellProgress } from './progress.ts';
import { listDroppingPolicies } from './strategies/firewall/policies.ts';
import { openThrowawayBridge } from './throwaway-bridge.ts';
import type { LocalhostForward, LocalhostForwardOptions, Ports } from './types.ts';

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
  const undo = new UndoStack();
  try {
    // Ask the host what it is, and choose.
    const [engine, host] = await Promise.all([connectEngine(plan.options.docker), readHostFacts()]);
    stopIfAborted(plan.options.signal);
    const choose = (failed?: Failed) => chooseStrategy({ host, engine: engine.facts }, plan.options, failed);
    const first = choose();
    const privileges = privilegesOf(first.privilege);
    const session = currentSession();
    const names = namesOf(session.owner.nonce + randomWord(3));

    // What dead runs left goes while ours comes.
    const sweeping = sweepQuietly(engine, privileges);
    undo.push('the sweep of what dead runs left', () => sweeping);

    // Something on 127.0.0.1 that a proof can recognise.
    const openPorts = new Map<string, OpenPort>();
    undo.push('listeners on 127.0.0.1', () => closePorts(openPorts));
    const startedAt = performance.now();
    for (const port of plan.ports) addPort(openPorts, await openPort(port, plan.options));
    tellProgress('listener', startedAt, () =>
      [...openPorts.values()].map(({ port }) => `127.0.0.1:${port.hostPort}`).join(', '),
    );
    stopIfAborted(plan.options.signal);

    // Without a proof, the firewall's policies are all there is to go by.
    const policies = plan.options.verify === false ? listDroppingPolicies(privileges) : undefined;
    policies?.catch(() => undefined);

    // The network, and a strategy's rules on its bridge.
    const bridgePlan = {
      names,
      session: session.word,
      translations: [...openPorts.values()].map(({ port }) => port),
      subnet: plan.options.subnet?.cidr,
      subnetPool: plan.options.subnetPool,
      labels: plan.options.labels,
    };
    const { choice, opened: bridge } = await openByFirstStrategy(first, choose, async (candidate) => {
      stopIfAborted(plan.options.signal);
      return openThrowawayBridge(bridgePlan, engine, strategyFor(session, candidate, engine), privileges);
    });
    undo.push(`network and rules of ${names.network}`, () => bridge.close());
    stopIfAborted(plan.options.signal);

    // Prove it from a container, and hand it to the body.
    const net = new OpenForward({
      names,
      session,
      engine,
      choice,
      privileges,
      bridge,
      openPorts,
      undo,
      undoDeadlineMs,
      options: plan.options,
      policies,
    });
    const provingAt = performance.now();
    await net.prove(plan.options.signal);
    if (plan.options.verify !== false)
      tellProgress('request', provingAt, () => `${net.hostname} proven from a container`);
    await Promise.all([...openPorts.values()].map((port) => port.handOver()));
    stopIfAborted(plan.options.signal);
    session.open.set(net.id, net);
    return net;
  } catch (error) {
    // Undo everything, whatever happened. The first error is the one to tell.
    const failures = await undo.run(undoDeadlineMs);
    throw failures.length === 0
      ? error
      : withFailures(
          error,
          failures.map(({ what, error: failure }) => `${what}: ${String(failure)}`),
        );
  }
};

const addPort = (ports: Map<string, OpenPort>, opened: OpenPort): void => {
  ports.set(`${opened.port.protocol}/${opened.port.containerPort}`, opened);
};

const closePorts = async (ports: Map<string, OpenPort>): Promise<void> => {
  await Promise.all([...ports.values()].map((port) => port.close()));
};

const stopIfAborted = (signal: AbortSignal | undefined): void => {
  if (signal?.aborted !== true) return;
  const cause: unknown = signal.reason;
  throw new LocalhostForwardError(
    'LHF_ERR_ABORTED',
    { what: `Opening was aborted by its signal: ${String(cause)}` },
    { cause },
  );
};

const withFailures = (error: unknown, failures: readonly string[]): unknown => {
  if (error instanceof Error) error.message += `\n  not undone: ${failures.join('; ')}\nTry: localhost-forward sweep`;
  return error;
};
