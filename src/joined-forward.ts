import { countHits } from './count-hits.ts';
import { describeForward, notForwarded, putOnNetwork } from './describe-forward.ts';
import { connectEngine } from './engine/engine.ts';
import { listNetworks } from './engine/networks.ts';
import { LocalhostForwardError } from './errors.ts';
import { engineOption } from './lifecycle/traces.ts';
import { parseOptions, parseProofOptions, type ProofOptions } from './options.ts';
import { renderComposeOverride } from './plan/compose-override.ts';
import { labels, namesOf } from './plan/names.ts';
import { privilegesOf } from './privilege/privileges.ts';
import type { ProbeContext } from './probe/context.ts';
import { diagnoseForward } from './probe/diagnose.ts';
import type { Diagnosis } from './probe/diagnosis.ts';
import { verifyForward } from './probe/verify.ts';
import { readRules } from './strategies/strategies.ts';
import type { RulesReader } from './strategies/strategy.ts';
import type {
  ForwardHandover,
  ForwardedPort,
  Hits,
  LocalhostForward,
  Port,
  Verification,
  VerifyOptions,
} from './types.ts';

/** A forward as seen from a process that did not open it. */
export class JoinedForward implements LocalhostForward {
  readonly id: string;
  readonly networkId: string;
  readonly networkName: string;
  readonly bridgeName: string;
  readonly subnet: string;
  readonly gateway: string;
  readonly hostname: string;
  readonly strategy: 'nftables' | 'iptables';
  readonly privilege: 'root' | 'sudo';
  readonly reasons = [];
  readonly ports: readonly ForwardedPort[];
  readonly extraHosts: readonly string[];
  readonly dockerRunArgs: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly #handover: ForwardHandover;
  readonly #docker: object | undefined;

  constructor(handover: ForwardHandover, docker: object | undefined) {
    this.#handover = handover;
    this.#docker = docker;
    this.id = handover.id;
    this.networkId = handover.networkId;
    this.networkName = handover.networkName;
    this.bridgeName = handover.bridgeName;
    this.subnet = handover.subnet;
    this.gateway = handover.gateway;
    this.hostname = handover.hostname;
    this.strategy = handover.strategy === 'iptables' ? 'iptables' : 'nftables';
    this.privilege = handover.privilege === 'sudo' ? 'sudo' : 'root';
    this.ports = handover.ports;
    this.extraHosts = handover.extraHosts;
    this.dockerRunArgs = handover.dockerRunArgs;
    this.env = handover.env;
  }

  get [engineOption](): object | undefined {
    return this.#docker;
  }

  url(containerPort?: Port): string {
    return describeForward(this).url(containerPort);
  }

  applyTo<C>(container: C): C {
    return putOnNetwork(container, this);
  }

  composeOverride(services: readonly string[]): string {
    return renderComposeOverride(services, this);
  }

  forward(): Promise<ForwardedPort> {
    return Promise.reject(this.#notOurs('forward'));
  }

  unforward(): Promise<void> {
    return Promise.reject(this.#notOurs('unforward'));
  }

  async hits(containerPort?: Port): Promise<Hits> {
    return countHits(this.#rules(), this, containerPort);
  }

  async verify(options: VerifyOptions & { port?: Port } = {}): Promise<Verification> {
    const proof = this.#proofOptions(options);
    return this.#prove((context) => verifyForward(context, proof));
  }

  async diagnose(options: VerifyOptions & { port?: Port } = {}): Promise<Diagnosis> {
    const proof = this.#proofOptions(options);
    return this.#prove((context) => diagnoseForward(context, proof));
  }

  /** Nothing: who opened it closes it. */
  async close(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {}

  toJSON(): ForwardHandover {
    return this.#handover;
  }

  #rules(): RulesReader {
    return readRules(this.strategy, namesOf(this.id), privilegesOf(this.privilege));
  }

  #proofOptions(options: unknown): ProofOptions & { readonly port?: number } {
    const parsed = parseProofOptions(options, parseOptions({}, process.env).proof);
    if (parsed.port !== undefined && !this.ports.some(({ containerPort }) => containerPort === parsed.port))
      throw notForwarded(parsed.port, this);
    return parsed;
  }

  async #prove<T>(work: (context: ProbeContext) => Promise<T>): Promise<T> {
    const added: (() => Promise<void>)[] = [];
    try {
      return await work(await this.#probeContext((undo) => added.push(undo)));
    } finally {
      // Whoever closes the network has to find it without our container.
      await Promise.allSettled(added.map((undo) => undo()));
    }
  }

  async #probeContext(onAdded: (undo: () => Promise<void>) => void): Promise<ProbeContext> {
    const engine = await connectEngine(this.#docker);
    // The probe is the opener's: its guardian takes it along should both processes be killed.
    const network = (await listNetworks(engine.docker, `${labels.bridge}=${this.bridgeName}`)).at(0);
    return {
      engine,
      privileges: privilegesOf(this.privilege),
      strategy: this.strategy,
      names: namesOf(this.id),
      session: network?.labels[labels.session] ?? '',
      networkId: this.networkId,
      gateway: this.gateway,
      hostname: this.hostname,
      rules: this.#rules(),
      ports: () => this.ports.map((port) => ({ ...port, targetPort: port.hostPort, nonce: undefined })),
      // What was put into a firewall here would be nobody's to take out again.
      firewall: 'leave',
      onAdded: (_what, undo) => onAdded(undo),
    };
  }

  #notOurs(what: string): LocalhostForwardError {
    return new LocalhostForwardError('LHF_ERR_INVALID_OPTION', {
      what: `${what}() was called on ${this.networkName}, which another process opened: only that one changes its ports`,
      try: `openLocalhostForward(ports), or name the port where ${this.networkName} is opened`,
    });
  }
}
