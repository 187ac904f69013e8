import { countHits } from './count-hits.ts';
import { LocalhostForwardError } from './errors.ts';
import { describePort, openPort, type OpenPort } from './forwarded-ports.ts';
import { describeForward, notForwarded, putOnNetwork, type Described } from './describe-forward.ts';
import type { Session } from './lifecycle/session.ts';
import { engineOption } from './lifecycle/traces.ts';
import type { UndoStack } from './lifecycle/undo-stack.ts';
import { parsePort, parseProofOptions, type ProofOptions, type ResolvedOptions } from './options.ts';
import type { Engine } from './engine/engine.ts';
import type { Choice } from './plan/choose-strategy.ts';
import { renderComposeOverride } from './plan/compose-override.ts';
import type { Names } from './plan/names.ts';
import type { Privileges } from './privilege/privileges.ts';
import type { ProbeContext } from './probe/context.ts';
import { diagnoseForward } from './probe/diagnose.ts';
import type { Diagnosis } from './probe/diagnosis.ts';
import { verifyForward } from './probe/verify.ts';
import { keyOf } from './strategies/strategy.ts';
import type { ThrowawayBridge } from './throwaway-bridge.ts';
import type { ForwardedPort, ForwardHandover, Hits, LocalhostForward, Port, PortForward, Protocol, Verification, VerifyOptions } from './types.ts';

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
}

/** An open forward, in the process that opened it. */
export class OpenForward implements LocalhostForward {
  readonly #parts: OpenForwardParts;
  #closing: Promise<void> | undefined;
  #isClosed = false;
  // Ports change one after the other, and a proof sees them at rest.
  #changes: Promise<unknown> = Promise.resolve();

  constructor(parts: OpenForwardParts) {
    this.#parts = parts;
  }

  get id(): string {
    return this.#parts.names.bridge.slice('lhf-'.length);
  }
  get networkId(): string {
    return this.#parts.bridge.networkId;
  }
  get networkName(): string {
    return this.#parts.names.network;
  }
  get bridgeName(): string {
    return this.#parts.names.bridge;
  }
  get subnet(): string {
    return this.#parts.bridge.subnet;
  }
  get gateway(): string {
    return this.#parts.bridge.gateway;
  }
  get hostname(): string {
    return this.#parts.options.hostname;
  }
  get strategy() {
    return this.#parts.choice.strategy;
  }
  get privilege() {
    return this.#parts.choice.privilege;
  }
  get reasons() {
    return this.#parts.choice.reasons;
  }
  get ports(): readonly ForwardedPort[] {
    return [...this.#parts.openPorts.values()].map(({ port }) => describePort(port));
  }
  get [engineOption](): object | undefined {
    return this.#parts.options.docker;
  }
  get extraHosts(): readonly string[] {
    return this.#describe().extraHosts;
  }
  get dockerRunArgs(): readonly string[] {
    return this.#describe().dockerRunArgs;
  }
  get env(): Readonly<Record<string, string>> {
    return this.#describe().env;
  }

  url(containerPort?: Port): string {
    return this.#describe().url(containerPort);
  }

  applyTo<C>(container: C): C {
    this.#assertOpen('applyTo');
    return putOnNetwork(container, this);
  }

  composeOverride(services: readonly string[]): string {
    this.#assertOpen('composeOverride');
    return renderComposeOverride(services, this);
  }

  async forward(port: Port | PortForward): Promise<ForwardedPort> {
    this.#assertOpen('forward');
    const plan = parsePort(port, 'port');
    return this.#change(async () => {
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
    this.#assertOpen('unforward');
    await this.#change(async () => {
      const opened = this.#portOf(containerPort, protocol);
      await this.#parts.bridge.rules.remove(opened.port);
      this.#parts.openPorts.delete(keyOf(opened.port));
      await opened.close();
    });
  }

  async hits(containerPort?: Port): Promise<Hits> {
    this.#assertOpen('hits');
    return countHits(this.#parts.bridge.rules, this, containerPort);
  }

  async verify(options: VerifyOptions & { port?: Port } = {}): Promise<Verification> {
    this.#assertOpen('verify');
    const proof = this.#proofOptions(options);
    return this.#change(async () => {
      await this.#parts.bridge.rules.restore();
      return verifyForward(this.#probeContext(), proof);
    });
  }

  async diagnose(options: VerifyOptions & { port?: Port } = {}): Promise<Diagnosis> {
    this.#assertOpen('diagnose');
    const proof = this.#proofOptions(options);
    return this.#change(() => diagnoseForward(this.#probeContext(), proof));
  }

  /** The proof at the end of opening; aborts with the signal. */
  async prove(signal: AbortSignal | undefined): Promise<void> {
    await verifyForward(this.#probeContext(), { ...this.#parts.options.proof, ...(signal === undefined ? {} : { signal }) });
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  toJSON(): ForwardHandover {
    const { id, networkName, networkId, bridgeName, subnet, gateway, hostname, strategy, privilege, ports } = this;
    const { extraHosts, dockerRunArgs, env } = this.#describe();
    return { id, networkName, networkId, bridgeName, subnet, gateway, hostname, strategy, privilege, ports, extraHosts, dockerRunArgs, env };
  }

  async #close(): Promise<void> {
    this.#isClosed = true;
    // A change that has begun is finished first: half of it could not be undone.
    await this.#changes.catch(() => undefined);
    const { undo, undoDeadlineMs, session } = this.#parts;
    const failures = await undo.run(undoDeadlineMs);
    if (failures.length === 0) {
      session.open.delete(this.id);
      return;
    }
    // What stays can be tried again: by another close, by this process's guardian, by anybody's sweep.
    this.#closing = undefined;
    throw new LocalhostForwardError(
      'LHF_ERR_CLOSE',
      {
        what: `The forward ${this.networkName} could not be closed whole`,
        evidence: failures.map(({ what, error }) => `stays: ${what}: ${error instanceof Error ? error.message : String(error)}`),
        try: 'localhost-forward sweep',
      },
      { cause: failures.length === 1 ? failures[0]?.error : new AggregateError(failures.map(({ error }) => error)), strategy: this.strategy },
    );
  }

  #change<T>(work: () => Promise<T>): Promise<T> {
    const changed = this.#changes.then(() => {
      this.#assertOpen('this');
      return work();
    });
    this.#changes = changed.catch(() => undefined);
    return changed;
  }

  #describe(): Described {
    return describeForward(this);
  }

  #portOf(containerPort: Port, protocol: Protocol): OpenPort {
    const opened = this.#parts.openPorts.get(keyOf({ protocol, containerPort }));
    if (opened === undefined) throw notForwarded(containerPort, this);
    return opened;
  }

  #proofOptions(options: unknown): ProofOptions & { readonly port?: Port } {
    const parsed = parseProofOptions(options, this.#parts.options.proof);
    if (parsed.port !== undefined && !this.ports.some(({ containerPort }) => containerPort === parsed.port)) throw notForwarded(parsed.port, this);
    return parsed;
  }

  #probeContext(): ProbeContext {
    const { engine, privileges, choice, names, session, bridge, openPorts, options, undo } = this.#parts;
    return {
      engine,
      privileges,
      strategy: choice.strategy,
      names,
      session: session.word,
      networkId: bridge.networkId,
      gateway: bridge.gateway,
      hostname: options.hostname,
      rules: bridge.rules,
      ports: () => [...openPorts.values()].map(({ port }) => port),
      firewall: options.firewall,
      onAdded: (what, release) => undo.push(what, release),
    };
  }

  #assertOpen(what: string): void {
    if (!this.#isClosed) return;
    throw new LocalhostForwardError('LHF_ERR_CLOSED', { what: `${what}() was called on ${this.networkName} after close()`, try: 'open another forward' });
  }
}

const alreadyForwarded = (key: string, network: string): LocalhostForwardError =>
  new LocalhostForwardError('LHF_ERR_INVALID_OPTION', { what: `Expected \`port\` to be one that is not forwarded yet, got ${key}, which ${network} forwards already` });
