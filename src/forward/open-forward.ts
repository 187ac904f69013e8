import { alreadyForwarded, notForwarded } from './describe.ts';
import type { Engine } from '../engine/engine.ts';
import { LocalhostForwardError } from '../errors.ts';
import { ForwardView } from './forward-view.ts';
import { engineOption } from '../leftovers/traces.ts';
import { describePort, openPort, type OpenPort } from './ports.ts';
import type { Session } from '../ownership/session.ts';
import type { UndoFailure, UndoStack } from '../lifecycle/undo-stack.ts';
import { parsePort, type ProofOptions, type ResolvedOptions } from '../options/options.ts';
import type { Choice } from '../choose/choose-strategy.ts';
import type { Names } from '../ownership/names.ts';
import type { Privileges } from '../privilege/privileges.ts';
import type { ProbeContext, ProbedPort } from '../proof/context.ts';
import { passPolicies } from '../proof/pass.ts';
import type { InputChain } from '../strategies/netfilter/accepts.ts';
import { isDialled } from '../proof/run-probe.ts';
import { verifyForward } from '../proof/verify.ts';
import { keyOf, type InstalledRules } from '../strategies/strategy.ts';
import type { ThrowawayBridge } from './throwaway-bridge.ts';
import type { ForwardedPort, LocalhostForward, Port, PortForward, Protocol, StrategyReason } from '../types.ts';

export interface OpenForwardParts {
  readonly names: Names;
  readonly session: Session;
  readonly engine: Engine;
  readonly choice: Choice;
  readonly privileges: Privileges;
  readonly bridge: ThrowawayBridge;
  readonly openPorts: Map<string, OpenPort>;
  readonly undo: UndoStack;
  readonly undoDeadlineMs: number;
  readonly options: ResolvedOptions;
  /** The firewall's policies, where they were listed while the network was made. */
  readonly policies: Promise<readonly InputChain[]> | undefined;
}

/** An open forward, in the process that opened it. */
export class OpenForward extends ForwardView implements LocalhostForward {
  readonly #parts: OpenForwardParts;
  #closing: Promise<void> | undefined;
  #isClosed = false;
  readonly #accepts = new Set<string>();
  // Ports change one after the other, and a proof sees them at rest.
  #changes: Promise<unknown> = Promise.resolve();

  constructor(parts: OpenForwardParts) {
    const { names, bridge, options, choice } = parts;
    super({ ...bridge, ...choice, networkName: names.network, bridgeName: names.bridge, hostname: options.hostname });
    this.#parts = parts;
  }

  async forward(port: Port | PortForward): Promise<ForwardedPort> {
    this.assertOpen('forward');
    const plan = parsePort(port, 'port');
    return this.atRest(async () => {
      const opened = await openPort(plan, { listener: false, verify: false });
      const key = keyOf(opened.port);
      const others = this.#parts.openPorts;
      try {
        if (others.has(key)) throw alreadyForwarded(key, this.networkName);
        await this.#parts.bridge.rules.add(opened.port);
        others.set(key, opened);
        await opened.handOver();
        return describePort(opened.port);
      } catch (error) {
        await opened.close();
        throw error;
      }
    });
  }

  async unforward(containerPort: Port, protocol: Protocol = 'tcp'): Promise<void> {
    this.assertOpen('unforward');
    await this.atRest(async () => {
      const opened = this.#parts.openPorts.get(keyOf({ protocol, containerPort }));
      if (opened === undefined) throw notForwarded(containerPort, this);
      await this.#parts.bridge.rules.remove(opened.port);
      this.#parts.openPorts.delete(keyOf(opened.port));
      await opened.close();
    });
  }

  /** The proof at the end of opening; aborts with the signal. Without one, firewalls are passed as far as their policies tell. */
  async prove(signal: AbortSignal | undefined): Promise<void> {
    const context = await this.probeContext();
    const isProven = this.#parts.options.verify !== false && context.ports().some(isDialled);
    if (!isProven) await passPolicies(context, this.#parts.policies);
    if (this.#parts.options.verify !== false)
      await verifyForward(context, { ...this.proofDefaults(), ...(signal === undefined ? {} : { signal }) });
  }

  /** A firewall that was passed is part of why this strategy works. */
  override get reasons(): readonly StrategyReason[] {
    const passed = [...this.#accepts].map((accept) => `; ${accept}`).join('');
    return super.reasons.map((one) => (one.chosen ? { ...one, reason: `${one.reason}${passed}` } : one));
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    this.#isClosed = true;
    // A change that has begun is finished first: half of it could not be undone.
    await this.#changes.catch(() => undefined);
    const { undo, undoDeadlineMs, session } = this.#parts;
    const failures = await undo.run(undoDeadlineMs);
    if (failures.length > 0) {
      // What stays can be tried again: by another close, by this process's guardian, by anybody's sweep.
      this.#closing = undefined;
      throw closeFailed(this, failures);
    }
    session.open.delete(this.id);
  }

  protected override atRest<T>(work: () => Promise<T>): Promise<T> {
    const changed = this.#changes.then(() => {
      this.assertOpen('this');
      return work();
    });
    this.#changes = changed.catch(() => undefined);
    return changed;
  }

  protected override assertOpen(what: string): void {
    if (!this.#isClosed) return;
    throw new LocalhostForwardError('LHF_ERR_CLOSED', {
      what: `${what}() was called on ${this.networkName} after close()`,
      try: 'open another forward',
    });
  }

  protected override probedPorts(): readonly ProbedPort[] {
    return [...this.#parts.openPorts.values()].map(({ port }) => port);
  }

  override get [engineOption](): object | undefined {
    return this.#parts.options.docker;
  }

  protected override async rules(): Promise<InstalledRules> {
    return this.#parts.bridge.rules;
  }

  protected override proofDefaults(): ProofOptions {
    return this.#parts.options.proof;
  }

  protected override async probeContext(): Promise<ProbeContext> {
    const { engine, privileges, names, session, bridge, options, undo } = this.#parts;
    return {
      engine,
      privileges,
      strategy: this.strategy,
      names,
      session: session.word,
      networkId: bridge.networkId,
      gateway: bridge.gateway,
      hostname: options.hostname,
      rules: bridge.rules,
      ports: () => this.probedPorts(),
      firewall: options.firewall,
      accepts: this.#accepts,
      onAdded: (what, release) => undo.push(what, release),
    };
  }
}

const closeFailed = (
  { networkName, strategy }: LocalhostForward,
  failures: readonly UndoFailure[],
): LocalhostForwardError =>
  new LocalhostForwardError(
    'LHF_ERR_CLOSE',
    {
      what: `The forward ${networkName} could not be closed whole`,
      evidence: failures.map(
        ({ what, error }) => `stays: ${what}: ${error instanceof Error ? error.message : String(error)}`,
      ),
      try: 'localhost-forward sweep',
    },
    {
      cause: failures.length === 1 ? failures[0]?.error : new AggregateError(failures.map(({ error }) => error)),
      strategy,
    },
  );
