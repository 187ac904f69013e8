import { awaitRequest } from '../capture/next-request.ts';
import { lendWhereWanted } from '../choose/lend-where-wanted.ts';
import { connectEngine, sessionOn } from '../engine/engine.ts';
import { isLocalhostForwardError, LocalhostForwardError } from '../errors.ts';
import { coded } from '../host/coded.ts';
import { readHostFacts } from '../host/facts.ts';
import { probeAddressOf } from '../network/subnet.ts';
import { ForwardView } from './forward-view.ts';
import { engineOption } from '../leftovers/traces.ts';
import { readHandover } from '../options/handover.ts';
import { parseOptions, type ProofOptions } from '../options/options.ts';
import { listNetworks } from '../engine/networks.ts';
import { labels, namesOf } from '../ownership/names.ts';
import { parseSession } from '../ownership/owner.ts';
import { readCuts } from '../ownership/port-signs.ts';
import { privilegesOf } from '../privilege/privileges.ts';
import type { ProbedPort, ProofContext } from '../proof/context.ts';
import { holdProbe, type ProbeHold } from '../proof/probe-hold.ts';
import { strategyNamed } from '../strategies/all.ts';
import { keyOf, type Proofs, type RouteView, type Tools } from '../strategies/strategy.ts';
import type {
  CapturedRequest,
  ForwardedPort,
  ForwardHandover,
  LocalhostForward,
  LocalhostForwardOptions,
} from '../types.ts';

/**
 * The forward that another process opened, from what it handed over: a test's worker sees the one of the global set-up so.
 * Everything that looks works as on the original, but for what `tunnel` and `native` count, which their own process knows alone; ports stay
 * as they are, and closing is its owner's.
 *
 * @param handover - What `net.toJSON()` gave.
 * @param options - The option `docker` of the original, where it had one.
 * @throws LHF_ERR_INVALID_OPTION for what is no hand-over.
 *
 * @example
 * const net = joinLocalhostForward(JSON.parse(process.env.MY_HANDOVER ?? ''));
 * console.log(net.url());
 */
export const joinLocalhostForward = (
  handover: ForwardHandover,
  options: Pick<LocalhostForwardOptions, 'docker'> = {},
): LocalhostForward => {
  const read = readHandover(handover);
  const { verify } = read;
  return new JoinedForward(read, parseOptions({ ...options, ...(verify && { verify }) }, process.env));
};

class JoinedForward extends ForwardView implements LocalhostForward {
  readonly #handover: ForwardHandover;
  readonly #options: ReturnType<typeof parseOptions>;
  #probe: ProbeHold | undefined;

  constructor(handover: ForwardHandover, options: ReturnType<typeof parseOptions>) {
    super({ ...handover, reasons: [] });
    this.#handover = handover;
    this.#options = options;
  }

  forward(): Promise<ForwardedPort> {
    return Promise.reject(this.#notOwned('forward'));
  }

  unforward(): Promise<void> {
    return Promise.reject(this.#notOwned('unforward'));
  }

  cut(): Promise<void> {
    return Promise.reject(this.#ownersAlone('cut'));
  }

  slow(): Promise<void> {
    return Promise.reject(this.#ownersAlone('slow'));
  }

  restore(): Promise<void> {
    return Promise.reject(this.#ownersAlone('restore'));
  }

  joinLocalhost(): Promise<AsyncDisposable> {
    return Promise.reject(this.#ownersAlone('joinLocalhost'));
  }

  /** The listener is its owner's, and so is what it was asked. */
  get requests(): readonly CapturedRequest[] {
    return [];
  }

  get requestsDropped(): number {
    return 0;
  }

  nextRequest(): Promise<CapturedRequest> {
    return this[awaitRequest]('nextRequest');
  }

  async [awaitRequest](what: string): Promise<CapturedRequest> {
    throw new LocalhostForwardError('LHF_ERR_UNSUPPORTED', {
      what: `${what}() was asked of ${this.networkName}, which another process opened: its requests are kept there`,
      try: 'openLocalhostForward(0, { listener: true }) in this process',
    });
  }

  /** Waits for what this process's own proofs left to tidy; the forward itself stays open for its owner. */
  async close(): Promise<void> {
    const probe = this.#probe;
    this.#probe = undefined;
    await coded(`Closing what looked at ${this.networkName}`, async () => {
      await probe?.leave();
      await probe?.release();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  protected override assertOpen(): void {}

  protected override atRest<T>(work: () => Promise<T>): Promise<T> {
    return coded(`A call on ${this.networkName}`, work);
  }

  protected override probedPorts(): readonly ProbedPort[] {
    return this.#handover.ports.map((port) => ({ ...port, targetPort: port.hostPort, nonce: undefined }));
  }

  protected override proofDefaults(): ProofOptions {
    return this.#options.proof;
  }

  override get [engineOption](): object | undefined {
    return this.#options.docker;
  }

  protected override async route(): Promise<RouteView> {
    const { strategy, id, subnet, gateway } = this.#handover;
    const opened = { names: namesOf(id), gateway, probeAddress: probeAddressOf(subnet) };
    return strategyNamed(strategy).attach(opened, await this.#tools());
  }

  /** Its owner repairs it. */
  protected override async repair(): Promise<boolean> {
    return false;
  }

  protected override async proofContext(): Promise<ProofContext> {
    const { id, subnet, strategy, networkId, networkName, bridgeName, gateway, hostname } = this.#handover;
    const [tools, route] = await Promise.all([this.#tools(), this.route()]);
    // A service on ::1 stands behind a relay of its owner's, whose port only the rule tells.
    const proofs = await route.proofs().catch(unlessUnseen);
    let cutBy: number | undefined;
    const cutOf = await readCuts(bridgeName, async () => (cutBy = await this.#owner(tools)));
    const targetOf = (port: ProbedPort): number => proofs.get(keyOf(port))?.targetPort ?? port.targetPort;
    return {
      tools,
      strategy,
      names: namesOf(id),
      network: {
        id: networkId,
        name: networkName,
        bridge: bridgeName,
        subnet,
        gateway,
        probeAddress: probeAddressOf(subnet),
      },
      address: gateway,
      hostname,
      hostnames: this.hostnames,
      route,
      // Which of the loopback's addresses its owner's carrier may take was not handed over: it tells which it took.
      ports: () =>
        this.probedPorts().map((port) => ({
          ...port,
          targetPort: targetOf(port),
          cut: cutOf(port),
          cutBy,
          ...(route.isRelay && { eitherLoopback: true }),
        })),
      // Its owner passed the firewall when it opened; nobody here would take an accept out again.
      firewall: 'leave',
      accepts: new Set(),
      probe: (this.#probe ??= holdProbe(tools.session, 'guests')),
    };
  }

  /** The process that opened it, as its network's label tells. */
  async #owner({ engine }: Tools): Promise<number | undefined> {
    const networks = await listNetworks(engine.docker, labels.session);
    const own = networks.find(({ id }) => id === this.#handover.networkId);
    return parseSession(own?.labels[labels.session] ?? '')?.pid;
  }

  async #tools(): Promise<Tools> {
    const { privilege } = this.#handover;
    const [engine, own] = await Promise.all([connectEngine(this.#options.docker), readHostFacts()]);
    const host = await lendWhereWanted(this.#handover, own, engine);
    const session = sessionOn(engine, privilege);
    return { session, engine, host, privileges: privilegesOf({ kind: privilege }, engine) };
  }

  #ownersAlone(what: string): LocalhostForwardError {
    return new LocalhostForwardError('LHF_ERR_UNSUPPORTED', {
      what: `${what}() was asked of ${this.networkName}, which another process opened: others use its ports, too`,
      try: 'openLocalhostForward() in this process',
    });
  }

  #notOwned(what: string): LocalhostForwardError {
    return new LocalhostForwardError('LHF_ERR_INVALID_OPTION', {
      what: `${what}() was called on ${this.networkName}, which another process opened: its ports are that process's`,
      try: 'openLocalhostForward() in this process',
    });
  }
}

/** Rules that cannot be listed now are what a diagnosis tells of. */
const unlessUnseen = (error: unknown): ReadonlyMap<string, Proofs> => {
  if (isLocalhostForwardError(error) && error.code === 'LHF_ERR_RULES') return new Map();
  throw error;
};
