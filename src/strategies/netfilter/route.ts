import { headlineOf, isLocalhostForwardError } from '../../errors.ts';
import { bridgeElsewhere } from '../../engine/elsewhere.ts';
import { probeAddressOf } from '../../network/subnet.ts';
import type { Hits } from '../../types.ts';
import type { Names } from '../../ownership/names.ts';
import type { PacketWatch } from '../packets.ts';
import type {
  Fault,
  FirewallPass,
  Network,
  PortMapping,
  Proofs,
  Route,
  RouteEvidence,
  RoutePlan,
  RouteView,
  Tools,
} from '../strategy.ts';
import { kernelOf, type Kernel } from '../told.ts';
import { Accepts } from './firewalls/accepts.ts';
import type { BridgeRules, BridgeRulesView } from './bridge-rules.ts';
import { clearHops, watchPackets } from './packets/packet-watch.ts';
import { closeRouteLocalnet, openBridge } from './route-localnet.ts';
import { readRouteLocalnet } from '../unguarded.ts';

/** What netfilter's strategies have in common: rules by one of its programs, and `route_localnet`, which opens a bridge to 127/8. */
export class NetfilterView implements RouteView {
  readonly isRelay = false;
  protected readonly names: Names;
  protected readonly tools: Tools;
  protected probeAddress: string;
  protected readonly kernel: Kernel;
  readonly #rules: BridgeRulesView;

  constructor(names: Names, rules: BridgeRulesView, tools: Tools, probeAddress: string) {
    this.names = names;
    this.tools = tools;
    this.probeAddress = probeAddress;
    this.kernel = kernelOf(tools);
    this.#rules = rules;
  }

  /** Translated packets arrive at the target itself. */
  landingOf({ targetPort }: PortMapping): ReturnType<RouteView['landingOf']> {
    return { address: '127.0.0.1', port: targetPort };
  }

  watchPackets(port: PortMapping): Promise<PacketWatch> {
    return watchPackets(this.names, this.probeAddress, port, this.tools);
  }

  hits(ports: readonly PortMapping[]): Promise<Hits[]> {
    return this.#rules.hits(ports);
  }

  proofs(): Promise<ReadonlyMap<string, Proofs>> {
    return this.#rules.proofs();
  }

  async inspect(port: PortMapping): Promise<RouteEvidence> {
    const [presence, routeLocalnet] = await Promise.all([
      this.#rules.isPresent(port).then((isPresent) => ({ isPresent }), asUnseen),
      readRouteLocalnet(this.names.bridge, this.kernel),
    ]);
    return { ...presence, routeLocalnet };
  }
}

const asUnseen = (error: unknown): Pick<RouteEvidence, 'isPresent' | 'unseen'> => {
  if (!isLocalhostForwardError(error)) throw error;
  return { isPresent: undefined, unseen: headlineOf(error) };
};

export class NetfilterRoute extends NetfilterView implements Route {
  readonly #rules: BridgeRules;
  readonly #accepts: Accepts;
  #subnet: string;
  readonly #isHermetic: boolean;
  #trials: readonly PortMapping[];
  /** Engines without userland proxy set it on every bridge themselves, others for all interfaces: then it is theirs, and stays. */
  #keepsRouteLocalnet = false;

  readonly firewall: FirewallPass;
  readonly #onClosed: () => Promise<void>;

  /** @param onClosed - Called when nothing of it is left, its network included. */
  constructor(
    { names, subnet, trials, isHermetic }: RoutePlan,
    rules: BridgeRules,
    tools: Tools,
    onClosed = async (): Promise<void> => undefined,
  ) {
    super(names, rules.view, tools, probeAddressOf(subnet));
    this.#subnet = subnet;
    this.#isHermetic = isHermetic;
    this.#onClosed = onClosed;
    this.#rules = rules;
    this.#trials = trials;
    this.firewall = this.#accepts = new Accepts(names.bridge, tools);
  }

  /** Guard and translations are in; what is left is to open the bridge. */
  async connect({ gateway, subnet, probeAddress }: Network): Promise<{ address: string }> {
    if (!this.kernel.interfaceExists(this.names.bridge)) throw bridgeElsewhere(this.tools.engine, this.names.bridge);
    if (subnet !== this.#subnet) {
      // The engine refused the subnet that was planned.
      this.#subnet = subnet;
      this.probeAddress = probeAddress;
      await this.divertProbes(this.#trials);
    }
    this.#keepsRouteLocalnet = (await readRouteLocalnet(this.names.bridge, this.kernel)) === true;
    await openBridge(this.names.bridge, this.tools.privileges, {
      isOpen: this.#keepsRouteLocalnet,
      isHermetic: this.#isHermetic,
      kernel: this.kernel,
    });
    return { address: gateway };
  }

  add(port: PortMapping): Promise<void> {
    return this.#rules.add(port);
  }

  remove(port: PortMapping): Promise<void> {
    return this.#rules.remove(port);
  }

  disturb(port: PortMapping, fault: Fault): Promise<void> {
    return this.#rules.disturb(port, fault);
  }

  divertProbes(trials: readonly PortMapping[]): Promise<void> {
    this.#trials = trials;
    return this.#rules.setProbe(this.#subnet, trials);
  }

  async repair(): Promise<boolean> {
    const wasMissing = await this.#rules.repair();
    await this.tools.privileges.renew();
    return wasMissing;
  }

  /**
   * While `route_localnet` is on, the guard has to stand; once it is off, rules and network can go at the same time. A hermetic network is
   * kept shut by its rules for as long as it is there. Until the network is gone, the rules' holder stays: should this process be killed, its
   * guardian removes it. It finds it by its bridge, or where that need not be there, by the rules.
   */
  async close(removeNetwork: () => Promise<void>): Promise<void> {
    const { kernel, names, tools } = this;
    const clearing = clearHops(names, tools.session, tools.privileges);
    const isShut = !this.#keepsRouteLocalnet && (await closeRouteLocalnet(names.bridge, tools.privileges, kernel));
    const mayGoFirst = isShut && !this.#isHermetic;
    if (mayGoFirst && tools.engine.facts.bridgeStands === 'always')
      await all([this.#accepts.remove(), this.#rules.release(), removeNetwork()]);
    else {
      await removeNetwork();
      if (!mayGoFirst && kernel.interfaceExists(names.bridge))
        throw new Error(`the guard of ${names.bridge} stands until the bridge is gone`);
      await all([this.#accepts.remove(), this.#rules.release()]);
    }
    const counters = await clearing;
    if (counters !== undefined) throw new Error(`the counters of a diagnosis of ${names.bridge} stay: ${counters}`);
    this.#rules.letGo();
    await this.#onClosed();
  }
}

/** Waits for all of them, whatever the others do, and throws what went wrong. */
const all = async (work: readonly Promise<void>[]): Promise<void> => {
  const results = await Promise.allSettled(work);
  const errors = results.flatMap((result): unknown[] => (result.status === 'rejected' ? [result.reason] : []));
  if (errors.length === 1) throw errors[0];
  if (errors.length > 1) throw new AggregateError(errors, errors.map(String).join('; '));
};
