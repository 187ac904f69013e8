import { now } from '../clock.ts';
import { connectEngine, sessionOn, type Engine } from '../engine/engine.ts';
import { isLocalhostForwardError, type ErrorCode } from '../errors.ts';
import { readHostFacts } from '../host/facts.ts';
import { readListeners, takesLoopback4, takesLoopback6 } from '../host/listeners.ts';
import { openLocalhostForward } from '../forward/open.ts';
import { parseOptions } from '../options/options.ts';
import { chooseStrategy, type Choice } from '../choose/choose-strategy.ts';
import { lendWhereWanted } from '../choose/lend-where-wanted.ts';
import { privilegesOf } from '../privilege/privileges.ts';
import { watchProgress } from '../forward/progress.ts';
import type { LocalhostForward, PortForward, Strategy, Verification } from '../types.ts';
import { strategyNamed } from '../strategies/all.ts';
import { acceptsFirst, checkOtherNetworks, checkOtherPorts } from './closed.ts';
import { describeFailure } from './failure.ts';
import { checkHermetic } from './hermetic.ts';
import type { SmokeRun, Trace } from './report.ts';
import { headlineOf } from '../errors.ts';
import { StepRecorder, type StepWatcher } from './steps.ts';
import { listTraces } from './traces.ts';

export interface SmokeOptions {
  /** Default: what the environment says, or the first that works. */
  readonly strategy?: 'auto' | Strategy;
  /** The port to prove; host port 0 picks a free one. */
  readonly port: PortForward;
  /** Whether the network is closed to all else, and shown to be. Default: false. */
  readonly hermetic?: boolean;
  /** Ends the check early; what was made is removed all the same. */
  readonly signal?: AbortSignal;
}

/**
 * Proves on this machine what the package promises: opens a forward, calls from a container, tries what must stay closed,
 * takes everything down and looks for what is left. Never throws for a machine where it does not work.
 */
export const runSmoke = async (options: SmokeOptions, watcher: StepWatcher = {}): Promise<SmokeRun> => {
  const steps = new StepRecorder(watcher);
  const found: { engine?: Engine; choice?: Choice } = {};
  const failures: unknown[] = [];
  const attempt = async (work: () => Promise<void>): Promise<void> =>
    work().catch((error: unknown) => void failures.push(error));
  const leftovers: Trace[] = [];
  await attempt(async () => {
    const engine = (found.engine = await steps.run('engine', connectEngine, describeEngine));
    const choice = (found.choice = await steps.run('strategy', () => choose(engine, options), describeChoice));
    await attempt(async () => {
      const net = await open(options, steps);
      // What a machine says of itself and what it does may differ: the next one was taken.
      if (net.strategy !== choice.strategy || net.privilege !== choice.privilege)
        steps.add('strategy', true, 0, describeChoice((found.choice = choiceOf(net))));
      await attempt(() => prove(net, engine, steps, options));
      await steps.run(
        'tear-down',
        () => net.close(),
        () => `${net.networkName} and its rules removed`,
      );
    });
    await steps.run(
      'nothing left',
      async () => {
        const { privilege } = found.choice ?? choice;
        leftovers.push(...(await listLeft(engine, privilege, privilege)));
        // Rights that were refused have made no rules.
        if (privilege !== choice.privilege) leftovers.push(...(await listLeft(engine, choice.privilege, 'none')));
        if (leftovers.length > 0)
          throw new Error(`left behind: ${leftovers.map(({ kind, name }) => `${kind} ${name}`).join(', ')}`);
      },
      () => 'no network, container, interface, table or rule of this run',
    );
  });
  const [first] = failures;
  return {
    ok: failures.length === 0,
    strategy: found.choice?.strategy ?? null,
    privilege: found.choice?.privilege ?? null,
    engine: found.engine === undefined ? null : { name: found.engine.facts.name, version: found.engine.facts.version },
    steps: steps.steps,
    leftovers,
    ...(failures.length === 0 ? {} : { failure: describeFailure(first) }),
  };
};

const choiceOf = ({ strategy, privilege, reasons }: LocalhostForward): Choice => ({ strategy, privilege, reasons });

/** What carries the mark of this process's forwards by some rights, as far as those look that it is looked by. */
const listLeft = async (
  engine: Engine,
  privilege: Choice['privilege'],
  kind: Choice['privilege'],
): Promise<Trace[]> => {
  const privileges = privilegesOf({ kind }, engine);
  try {
    return await listTraces(engine, privileges, sessionOn(engine, privilege));
  } finally {
    await privileges.close();
  }
};

const choose = async (engine: Engine, { strategy, hermetic = false }: SmokeOptions): Promise<Choice> => {
  const wishes = parseOptions({ hermetic, ...(strategy === undefined ? {} : { strategy }) }, process.env);
  const own = await readHostFacts();
  const host = await lendWhereWanted(wishes, own, engine);
  return chooseStrategy({ host, engine: engine.facts }, wishes);
};

const open = async (
  { port, strategy, hermetic = false, signal }: SmokeOptions,
  steps: StepRecorder,
): Promise<LocalhostForward> => {
  const protocol = port.protocol ?? 'tcp';
  const listeners = port.hostPort === 0 ? [] : await readListeners(port.hostPort, protocol);
  const isServed = listeners.some((listener) => takesLoopback4(listener) || takesLoopback6(listener));
  const stop = watchProgress(({ step, ms, detail }) => steps.add(step, true, ms, detail));
  const startedAt = now();
  steps.announce('network');
  try {
    // Where nothing listens a listener of ours stays for the whole check. For UDP there is one during the opening only, which proves it.
    const verify = protocol === 'udp';
    return await openLocalhostForward(port, {
      ...(strategy === undefined ? {} : { strategy }),
      hermetic,
      verify,
      listener: !isServed && !verify,
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (error) {
    steps.add(stepOf(error), false, now() - startedAt, headlineOf(error));
    throw error;
  } finally {
    stop();
  }
};

const prove = async (
  net: LocalhostForward,
  engine: Engine,
  steps: StepRecorder,
  { hermetic = false, signal }: SmokeOptions,
): Promise<void> => {
  const { word } = sessionOn(engine, net.privilege);
  const confines = strategyNamed(net.strategy).confines;
  const onThisNetwork = async (): Promise<void> => {
    if (net.ports.some(({ protocol }) => protocol === 'tcp'))
      await steps.run(
        'request',
        () => net.verify(),
        (verification) => describeRequest(net, verification),
      );
    signal?.throwIfAborted();
    if (!confines)
      return steps.add('other ports', true, 0, `not tried: ${net.strategy} leads to all ports of 127.0.0.1`);
    await steps.run('other ports', () => checkOtherPorts(engine, net, word), String);
    signal?.throwIfAborted();
    if (hermetic) await steps.run('hermetic', () => checkHermetic(engine, net, word), String);
  };
  const onOthers = async (): Promise<void> => {
    if (confines) await steps.run('other networks', () => checkOtherNetworks(engine, net, word), String);
  };
  // At once where nothing that the one dials counts for the other, since most of it is waiting.
  const first = acceptsFirst(net) ? onOthers() : undefined;
  const results = await Promise.allSettled([first?.then(onThisNetwork) ?? onThisNetwork(), first ?? onOthers()]);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
  signal?.throwIfAborted();
};

// Opening tells only the steps that are done: which one failed is told by the error.
const stepOf = (error: unknown): string => {
  const steps: Partial<Record<ErrorCode, string>> = {
    LHF_ERR_PORT_IN_USE: 'listener',
    LHF_ERR_NETWORK: 'network',
    LHF_ERR_RULES: 'rules',
    LHF_ERR_UNREACHABLE: 'request',
  };
  return (isLocalhostForwardError(error) ? steps[error.code] : undefined) ?? 'open';
};

const describeEngine = ({ facts }: Engine): string => `${facts.name} ${facts.version} at ${facts.endpoint}`;

const describeChoice = ({ strategy, privilege, reasons }: Choice): string =>
  `${strategy} as ${privilege}: ${reasons.find(({ chosen }) => chosen)?.reason ?? ''}`;

const describeRequest = (net: LocalhostForward, { ports, accepts }: Verification): string => {
  const [port] = ports;
  const target = `${net.hostname}:${net.ports[0]?.containerPort}`;
  const said = { nonce: 'answered', accepted: 'accepted the connection', sent: 'was reached' }[
    port?.answer ?? 'accepted'
  ];
  const seen = port?.seenFrom === undefined ? '' : `, seen from ${port.seenFrom}`;
  return [`${target} ${said}${seen}`, ...accepts].join('; ');
};
