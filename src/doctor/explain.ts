import { chooseStrategy, type Choice } from '../choose/choose-strategy.ts';
import { lendWhereWanted } from '../choose/lend-where-wanted.ts';
import { connectEngine, sessionOn, type Engine } from '../engine/engine.ts';
import { AbortSignal } from '../abort.ts';
import { assertAllowed } from '../host/allowed.ts';
import { coded } from '../host/coded.ts';
import { readHostFacts, type HostFacts } from '../host/facts.ts';
import { renderComposeOverride } from '../forward/compose.ts';
import { connectRoute } from '../forward/connect-route.ts';
import { foreseePort } from '../forward/foresee-port.ts';
import { assertOwnNames } from '../network/hermetic.ts';
import { parseOpenArguments, type PlannedPort, type ResolvedOptions } from '../options/options.ts';
import { namesOf } from '../ownership/names.ts';
import { nextId } from '../ownership/session.ts';
import { privilegesOf } from '../privilege/privileges.ts';
import { tellRights } from '../privilege/tell-rights.ts';
import { holdProbe } from '../proof/probe-hold.ts';
import { strategyNamed } from '../strategies/all.ts';
import { keyOf } from '../strategies/strategy.ts';
import type { Step } from '../strategies/told.ts';
import { strategyNames, type LocalhostForwardOptions, type Ports, type Privilege, type Strategy } from '../types.ts';
import { describeDeath, listOmitted } from './explain-rest.ts';
import { rehearseAll } from '../choose/rehearse.ts';
import { TellingWorld } from './telling-world.ts';

/** An opening that was told and not done. */
export interface Explanation {
  readonly strategy: Strategy;
  readonly privilege: Privilege;
  readonly network: {
    readonly name: string;
    readonly bridge: string;
    readonly subnet: string;
    readonly gateway: string;
  };
  readonly hostnames: readonly string[];
  readonly ports: readonly { readonly hostPort: number; readonly containerPort: number; readonly protocol: string }[];
  /** What is done to open it, in this order. */
  readonly opening: readonly Step[];
  /** What is done to close it, in this order. */
  readonly closing: readonly Step[];
  /** Who undoes what where the process dies. */
  readonly death: readonly string[];
  /** What this strategy does not install or change. */
  readonly omitted: readonly string[];
  /** What else there is to know. */
  readonly notes: readonly string[];
  /** The file that `run --compose` would name to compose. */
  readonly composeOverride?: string;
}

/**
 * What an opening would do, and how it is undone: told by the code that would do it, which runs here with nobody to do it. Looks at this
 * machine, and changes nothing.
 *
 * @param services - Of a compose project, that would join its network.
 * @throws what an opening would throw before it does anything.
 */
export const explain = async (
  ports: Ports,
  options: LocalhostForwardOptions = {},
  services?: readonly string[],
): Promise<Explanation> => {
  const plan = parseOpenArguments(ports, options, process.env);
  return coded('Explaining the forward', async () => {
    await assertAllowed();
    const [engine, own] = await Promise.all([connectEngine(plan.options.docker), readHostFacts()]);
    const host = await lendWhereWanted(plan.options, own, engine);
    const wishes = { ...plan.options, protocols: plan.ports.map(({ protocol }) => protocol) };
    const facts = { host, engine: engine.facts };
    const first = chooseStrategy(facts, wishes);
    // A rehearsal by a container would start one.
    const failed = first.privilege === 'container' ? [] : await rehearseAll({ host, engine, wishes: plan.options });
    const choice = chooseStrategy(facts, wishes, failed);
    if (plan.options.hermetic) await assertOwnNames(engine.facts);
    return tell({ ...plan, engine, host, choice, services });
  });
};

/** The same for each strategy that would open such a forward here if it were asked for. */
export const explainAll = async (ports: Ports, options: LocalhostForwardOptions = {}): Promise<Explanation[]> => {
  const { docker, privilege } = parseOpenArguments(ports, options, process.env).options;
  const [engine, own] = await Promise.all([connectEngine(docker), readHostFacts()]);
  const host = await lendWhereWanted({ strategy: 'auto', privilege }, own, engine);
  const explanations: Explanation[] = [];
  for (const strategy of strategyNames) {
    // What stands in its way is told by its reason.
    if (strategyNamed(strategy).obstacle({ host, engine: engine.facts }) !== undefined) continue;
    // One after the other: each asks the host's programs.
    // oxlint-disable-next-line no-await-in-loop
    const told = await explain(ports, { ...options, strategy }).catch(() => undefined);
    if (told !== undefined) explanations.push(told);
  }
  return explanations;
};

interface Opening {
  readonly ports: readonly PlannedPort[];
  readonly options: ResolvedOptions;
  readonly engine: Engine;
  readonly host: HostFacts;
  readonly choice: Choice;
  readonly services: readonly string[] | undefined;
}

const tell = async ({ ports, options, engine, host, choice, services }: Opening): Promise<Explanation> => {
  const world = new TellingWorld();
  const tools = world.toolsFor({
    session: sessionOn(engine, choice.privilege),
    engine,
    host,
    privileges: privilegesOf({ kind: choice.privilege }, engine),
  });
  const names = namesOf(nextId(tools.session), { isJoined: engine.facts.job?.network === 'own' });
  const foreseen = await Promise.all(ports.map((port) => foreseePort(port, options)));
  const openPorts = new Map(foreseen.map(({ port }) => [keyOf(port.mapping), port]));
  const mappings = [...openPorts.values()].map(({ mapping }) => mapping);
  const isProven = options.verify !== false && mappings.length > 0;
  const probe = holdProbe(tools.session, 'owners');
  const rights = choice.privilege === 'container' ? await tellRights(tools.engine, world.say) : undefined;

  const connected = await connectRoute({ names, openPorts, options, strategy: choice.strategy, isProven }, tools);
  const { network, route, address } = connected;
  if (isProven) {
    const { image, timeoutMs } = options.proof;
    const destination = { docker: tools.engine.docker, network, hostnames: options.hostnames, address, image };
    const visit = await probe.visit(destination, AbortSignal.timeout(timeoutMs));
    if (foreseen.some(({ port }) => port.trial() !== undefined)) await route.divertProbes([]);
    visit.end();
  }
  const opening = world.take();
  await probe.leave();
  await connected.close();
  await probe.release();
  await rights?.end();
  const closing = world.take();

  const { bridge, subnet, gateway, name } = network;
  const { hostnames } = options;
  return {
    strategy: choice.strategy,
    privilege: choice.privilege,
    network: { name, bridge, subnet, gateway },
    hostnames,
    ...(services && {
      composeOverride: renderComposeOverride(services, { networkName: name, hostnames, gateway: address }),
    }),
    ports: mappings.map(({ hostPort, containerPort, protocol }) => ({ hostPort, containerPort, protocol })),
    opening,
    closing,
    death: describeDeath(opening, { ...choice, bridge }),
    omitted: listOmitted(opening),
    notes: [
      ...foreseen.flatMap(({ notes }) => notes),
      ...(choice.privilege === 'container'
        ? [
            'programs and parameters: by the container that is created first, with CAP_NET_ADMIN alone, which ends with the process; another process’s forwards have one of their own',
          ]
        : []),
      ...(isProven && options.firewall === 'adapt' && route.firewall !== undefined
        ? [
            'a firewall that drops the probe gets one marked accept for these bridges, which closing takes out; LOCALHOST_FORWARD_FIREWALL=leave forbids it',
          ]
        : []),
      'what dead runs left is looked for, and removed, after it',
    ],
  };
};
