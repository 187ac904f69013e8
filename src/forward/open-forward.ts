import { AbortController } from '../abort.ts';
import { awaitRequest, nextRequest, withoutListener, type Manner } from '../capture/next-request.ts';
import { now } from '../clock.ts';
import { keyOf, type Fault, type Route } from '../strategies/strategy.ts';
import { LocalhostForwardError } from '../errors.ts';
import { coded } from '../host/coded.ts';
import { engineOption } from '../leftovers/traces.ts';
import { parseCutOptions, parseSlowOptions } from '../options/faults.ts';
import { parsePort, parsePortKey, type ProofOptions } from '../options/options.ts';
import { PortSigns } from '../ownership/port-signs.ts';
import type { ProbedPort, ProofContext } from '../proof/context.ts';
import { verifyForward } from '../proof/verify.ts';
import { parseRequestMatch } from '../options/request-match.ts';
import type { CutOptions, SlowOptions } from '../faults.ts';
import type {
  CapturedRequest,
  ForwardedPort,
  LocalhostForward,
  Port,
  PortForward,
  Protocol,
  RequestMatch,
  StrategyReason,
} from '../types.ts';
import { closeFailed } from './close-failed.ts';
import { alreadyForwarded, explainReach, notForwarded } from './describe.ts';
import { Faults } from './faults.ts';
import { ForwardView } from './forward-view.ts';
import { addPort, takeBack } from './add-port.ts';
import { Localhosts, readContainer } from './localhosts.ts';
import type { OpenForwardParts } from './open-forward-parts.ts';
import { describePort, probedPortOf } from './ports.ts';
import { tellProgress } from './progress.ts';
import { proveOpening } from './prove-opening.ts';

/** An open forward, in the process that opened it. */
export class OpenForward extends ForwardView implements LocalhostForward {
  readonly #parts: OpenForwardParts;
  #closing: Promise<void> | undefined;
  #isClosed = false;
  readonly #closed = new AbortController();
  readonly #accepts: Set<string>;
  readonly #faults: Faults;
  readonly #localhosts: Localhosts;
  readonly #signs: PortSigns;
  // Ports change one after the other, and a proof sees them at rest.
  #changes: Promise<unknown> = Promise.resolve();

  constructor(parts: OpenForwardParts) {
    const { network, options, choice, address } = parts;
    super({
      ...choice,
      networkId: network.id,
      networkName: network.name,
      bridgeName: network.bridge,
      subnet: network.subnet,
      gateway: address,
      hostname: options.hostname,
      hostnames: options.hostnames,
    });
    this.#parts = parts;
    this.#accepts = new Set(parts.accepts);
    this.#localhosts = new Localhosts(parts);
    const first = [...parts.openPorts.values()].map(({ mapping }) => mapping);
    this.#signs = new PortSigns(network.bridge, first);
    this.#faults = new Faults(parts, this.#signs);
    parts.undo.push('what stands at the localhost of containers', () => this.#localhosts.close());
    parts.undo.push('what tells its later ports and cuts', () => this.#signs.close());
  }

  async forward(port: Port | PortForward): Promise<ForwardedPort> {
    this.assertOpen('forward');
    const plan = parsePort(port, 'port');
    return this.atRest(async () => {
      const { route, openPorts } = this.#parts;
      const opened = await addPort(plan, route, (key) => {
        if (openPorts.has(key)) throw alreadyForwarded(key, this.networkName);
      });
      await this.#localhosts.add(opened.mapping).catch((error: unknown) => takeBack(opened, route, error));
      openPorts.set(keyOf(opened.mapping), opened);
      await this.#faults.tell([opened.mapping]);
      return describePort(opened.mapping);
    });
  }

  async unforward(containerPort: Port, protocol: Protocol = 'tcp'): Promise<void> {
    this.assertOpen('unforward');
    const key = keyOf(parsePortKey(containerPort, protocol));
    await this.atRest(async () => {
      const opened = this.#parts.openPorts.get(key);
      if (opened === undefined) throw notForwarded(containerPort, this);
      await this.#localhosts.remove(opened.mapping);
      await this.#parts.route.remove(opened.mapping);
      this.#faults.forget(opened.mapping);
      this.#parts.openPorts.delete(keyOf(opened.mapping));
      await this.#faults.tell([opened.mapping]);
      await opened.close();
    });
  }

  async cut(containerPort?: Port, options?: CutOptions): Promise<void> {
    const { mode } = parseCutOptions(options);
    await this.#disturb('cut', containerPort, (fault) => ({ ...fault, cut: mode }));
  }

  async slow(containerPort?: Port, options?: SlowOptions): Promise<void> {
    const slow = parseSlowOptions(options);
    await this.#disturb('slow', containerPort, (fault) => ({ ...fault, slow }));
  }

  async restore(containerPort?: Port): Promise<void> {
    await this.#disturb('restore', containerPort, () => ({}));
  }

  async #disturb(what: string, containerPort: Port | undefined, update: (now: Fault) => Fault): Promise<void> {
    this.assertOpen(what);
    await this.atRest(() => this.#faults.change(this, containerPort, update));
  }

  async joinLocalhost(container: string | { getId(): string }): Promise<AsyncDisposable> {
    this.assertOpen('joinLocalhost');
    const id = readContainer(container);
    return this.atRest(() => this.#localhosts.join(id));
  }

  /** The proof at the end of opening; aborts with the signal. */
  async prove(signal: AbortSignal | undefined): Promise<void> {
    if (this.#parts.options.verify === false) return;
    const context = await this.proofContext();
    const startedAt = now();
    await proveOpening(this.#parts, (isFirst) =>
      verifyForward(context, { ...this.proofDefaults(), isFirst, ...(signal && { signal }) }),
    );
    tellProgress('request', startedAt, () => `${this.hostname} proven from a container`);
  }

  /** A firewall that was passed is part of why this strategy works; so is what it leaves open. */
  override get reasons(): readonly StrategyReason[] {
    const told = [...this.#accepts, ...this.#parts.remarks].map((one) => `; ${one}`).join('');
    return super.reasons.map((one) => (one.chosen ? { ...one, reason: `${one.reason}${told}` } : one));
  }

  get requests(): readonly CapturedRequest[] {
    return this.#parts.requestLog?.requests ?? [];
  }

  get requestsDropped(): number {
    return this.#parts.requestLog?.dropped ?? 0;
  }

  async nextRequest(match: RequestMatch = {}): Promise<CapturedRequest> {
    return this[awaitRequest]('nextRequest', match, { takes: true, explains: true });
  }

  async [awaitRequest](what: string, match: RequestMatch, { takes, explains }: Manner): Promise<CapturedRequest> {
    this.assertOpen(what);
    const { requestLog: log } = this.#parts;
    const wish = { ...parseRequestMatch(match), takes };
    if (log === undefined) throw withoutListener(what, this.networkName);
    const { containerPort: port } = wish;
    if (port !== undefined && !this.ports.some(({ containerPort }) => containerPort === port))
      throw notForwarded(port, this);
    const explain = explains ? () => explainReach(this, port) : undefined;
    return nextRequest({ log, wish, networkName: this.networkName, explain, closed: this.#closed.signal });
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    this.#isClosed = true;
    this.#closed.abort();
    // A change that has begun is finished first: half of it could not be undone.
    await this.#changes.catch(() => undefined);
    const { undo, undoDeadlineMs, tools } = this.#parts;
    const failures = await undo.run(undoDeadlineMs);
    if (failures.length > 0) {
      // What stays can be tried again: by another close, by this process's guardian, by anybody's sweep.
      this.#closing = undefined;
      throw closeFailed(this, failures);
    }
    tools.session.open.delete(this.id);
  }

  protected override atRest<T>(work: () => Promise<T>): Promise<T> {
    const changed = this.#changes.then(async () => {
      this.assertOpen('', `A call on ${this.networkName} had not begun when that was closed`);
      return coded(`A call on ${this.networkName}`, work);
    });
    this.#changes = changed.catch(() => undefined);
    return changed;
  }

  protected override assertOpen(
    call: string,
    what = `${call}() was called on ${this.networkName} after close()`,
  ): void {
    if (this.#isClosed) throw new LocalhostForwardError('LHF_ERR_CLOSED', { what, try: 'open another forward' });
  }

  protected override probedPorts(): readonly ProbedPort[] {
    return [...this.#parts.openPorts.values()].map((port) => ({
      ...probedPortOf(port),
      cut: this.#faults.of(port.mapping).cut,
    }));
  }

  override get [engineOption](): object | undefined {
    return this.#parts.options.docker;
  }

  protected override async route(): Promise<Route> {
    return this.#parts.route;
  }

  protected override repair(): Promise<boolean> {
    return this.#parts.route.repair();
  }

  protected override proofDefaults(): ProofOptions {
    return this.#parts.options.proof;
  }

  protected override async proofContext(): Promise<ProofContext> {
    const { tools, names, network, address, route, options, probe } = this.#parts;
    return {
      tools,
      strategy: this.strategy,
      names,
      network,
      address,
      hostname: options.hostname,
      hostnames: options.hostnames,
      route,
      ports: () => this.probedPorts(),
      firewall: options.firewall,
      accepts: this.#accepts,
      probe,
    };
  }
}
