import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { inspect } from 'node:util';
import { Callers, readPeer } from '../capture/callers.ts';
import { addressOfCaller } from './address-of-caller.ts';
import { describeForward, notForwarded, putOnNetwork, type Described } from './describe.ts';
import { parseProofOptions, type ProofOptions } from '../options/options.ts';
import { renderComposeOverride } from './compose.ts';
import { coded } from '../host/coded.ts';
import { idOfBridge } from '../ownership/names.ts';
import type { ProbedPort, ProofContext } from '../proof/context.ts';
import { diagnoseForward } from '../proof/diagnose.ts';
import type { Diagnosis } from '../diagnosis.ts';
import { verifyForward } from '../proof/verify.ts';
import { describePort } from './ports.ts';
import type { RouteView } from '../strategies/strategy.ts';
import type {
  Caller,
  ForwardedPort,
  ForwardHandover,
  Hits,
  LocalhostForward,
  Port,
  Verification,
  VerifyOptions,
} from '../types.ts';

import type { engineOption } from '../leftovers/traces.ts';

/** What a forward is, whoever looks at it. */
export type ForwardFacts = Pick<
  LocalhostForward,
  | 'networkId'
  | 'networkName'
  | 'bridgeName'
  | 'subnet'
  | 'gateway'
  | 'hostname'
  | 'hostnames'
  | 'strategy'
  | 'privilege'
  | 'reasons'
>;

/** The part of an open forward that looks and changes nothing: the same for its owner and for those it was handed to. */
export abstract class ForwardView {
  // Own properties, by which runners tell two forwards apart and print them.
  readonly id: string;
  readonly networkId: string;
  readonly networkName: string;
  readonly bridgeName: string;
  readonly subnet: string;
  readonly gateway: string;
  readonly hostname: string;
  readonly hostnames: readonly string[];
  readonly strategy: LocalhostForward['strategy'];
  readonly privilege: LocalhostForward['privilege'];
  readonly #reasons: LocalhostForward['reasons'];
  #callers: Callers | undefined;

  constructor(facts: ForwardFacts) {
    this.id = idOfBridge(facts.bridgeName) ?? facts.bridgeName;
    this.networkId = facts.networkId;
    this.networkName = facts.networkName;
    this.bridgeName = facts.bridgeName;
    this.subnet = facts.subnet;
    this.gateway = facts.gateway;
    this.hostname = facts.hostname;
    this.hostnames = facts.hostnames;
    this.strategy = facts.strategy;
    this.privilege = facts.privilege;
    this.#reasons = facts.reasons;
  }

  /** The option `docker` it was opened with, for who looks at its engine. */
  abstract get [engineOption](): object | undefined;

  /** One line for people, in place of all that it is made of. */
  [inspect.custom](): string {
    const ports = this.ports.map(
      (port) => `${port.protocol} ${port.containerPort} to ${port.hostAddress} ${port.hostPort}`,
    );
    return `LocalhostForward ${this.networkName} (${this.subnet}): ${ports.join(', ') || 'no port'}, by ${this.strategy} as ${this.privilege}`;
  }

  get reasons() {
    return this.#reasons;
  }
  get ports(): readonly ForwardedPort[] {
    return this.probedPorts().map(describePort);
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
    this.assertOpen('applyTo');
    return putOnNetwork(container, this);
  }

  composeOverride(services: readonly string[]): string {
    this.assertOpen('composeOverride');
    return renderComposeOverride(services, this);
  }

  async hits(containerPort?: Port): Promise<Hits> {
    this.assertOpen('hits');
    const ports = this.probedPorts().filter(
      (port) => containerPort === undefined || port.containerPort === containerPort,
    );
    if (containerPort !== undefined && ports.length === 0) throw notForwarded(containerPort, this);
    return coded(`hits() of ${this.networkName}`, async () => {
      const route = await this.route();
      const sum = { attempts: 0, connections: 0, packets: 0, bytes: 0 };
      for (const one of await route.hits(ports)) {
        sum.attempts += one.attempts;
        sum.connections += one.connections;
        sum.packets += one.packets;
        sum.bytes += one.bytes;
      }
      return sum;
    });
  }

  async callerOf(from: Socket | IncomingMessage | string): Promise<Caller | undefined> {
    this.assertOpen('callerOf');
    const peer = readPeer(from);
    return coded(`callerOf() of ${this.networkName}`, async () => {
      const context = await this.proofContext();
      const { tools, network } = context;
      const address = await addressOfCaller(peer, context);
      return (this.#callers ??= new Callers(tools.engine, network.id)).at(address);
    });
  }

  async verify(options: VerifyOptions & { port?: Port } = {}): Promise<Verification> {
    this.assertOpen('verify');
    const proof = this.#proofOptions(options);
    return this.atRest(async () => {
      await this.repair();
      return verifyForward(await this.proofContext(), proof);
    });
  }

  async diagnose(options: VerifyOptions & { port?: Port } = {}): Promise<Diagnosis> {
    this.assertOpen('diagnose');
    const proof = this.#proofOptions(options);
    return this.atRest(async () => diagnoseForward(await this.proofContext(), proof));
  }

  toJSON(): ForwardHandover {
    const { id, networkName, networkId, bridgeName, subnet, gateway, hostname, hostnames } = this;
    const { strategy, privilege, ports } = this;
    const { extraHosts, dockerRunArgs, env } = this.#describe();
    return {
      id,
      networkName,
      networkId,
      bridgeName,
      subnet,
      gateway,
      hostname,
      hostnames,
      strategy,
      privilege,
      ports,
      extraHosts,
      dockerRunArgs,
      env,
      verify: { ...this.proofDefaults() },
    };
  }

  /** @throws LHF_ERR_CLOSED */
  protected abstract assertOpen(what: string): void;
  /** Runs work while no port comes or goes. */
  protected abstract atRest<T>(work: () => Promise<T>): Promise<T>;
  protected abstract probedPorts(): readonly ProbedPort[];
  protected abstract route(): Promise<RouteView>;
  /** Puts back what somebody else took away, where that is this process's to do. */
  protected abstract repair(): Promise<boolean>;
  protected abstract proofContext(): Promise<ProofContext>;
  protected abstract proofDefaults(): ProofOptions;

  #describe(): Described {
    return describeForward(this);
  }

  #proofOptions(options: unknown): ProofOptions & { readonly port?: Port } {
    const proof = parseProofOptions(options, this.proofDefaults());
    if (proof.port !== undefined && !this.ports.some(({ containerPort }) => containerPort === proof.port))
      throw notForwarded(proof.port, this);
    return proof;
  }
}
