import { connectEngine } from './engine/engine.ts';
import { LocalhostForwardError } from './errors.ts';
import { ForwardView } from './forward-view.ts';
import { engineOption } from './lifecycle/traces.ts';
import { currentSession, strategyFor } from './lifecycle/session.ts';
import { UndoStack } from './lifecycle/undo-stack.ts';
import { parseOptions, type ProofOptions } from './options.ts';
import { namesOf } from './plan/names.ts';
import { privilegesOf } from './privilege/privileges.ts';
import type { ProbeContext, ProbedPort } from './probe/context.ts';
import { keyOf, type AttachedRules } from './strategies/strategy.ts';
import type { ForwardedPort, ForwardHandover, LocalhostForward } from './types.ts';

/**
 * The forward that another process opened, from what it handed over: a test's worker sees the one of the global set-up so.
 * Everything that looks works as on the original; ports stay as they are, and closing is its owner's.
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
  options: { docker?: object } = {},
): LocalhostForward => {
  if (typeof handover?.id !== 'string' || typeof handover.bridgeName !== 'string' || !Array.isArray(handover.ports)) {
    throw new LocalhostForwardError('LHF_ERR_INVALID_OPTION', {
      what: `Expected \`handover\` to be what net.toJSON() gave, got \`${JSON.stringify(handover)}\``,
      try: 'joinLocalhostForward(net.toJSON())',
    });
  }
  return new JoinedForward(handover, parseOptions(options, process.env));
};

class JoinedForward extends ForwardView implements LocalhostForward {
  readonly #handover: ForwardHandover;
  readonly #options: ReturnType<typeof parseOptions>;
  readonly #probes = new UndoStack();

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

  /** Waits for what this process's own proofs left to tidy; the forward itself stays open for its owner. */
  async close(): Promise<void> {
    await this.#probes.run(30_000);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  protected override assertOpen(): void {}

  protected override atRest<T>(work: () => Promise<T>): Promise<T> {
    return work();
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

  protected override async rules(): Promise<AttachedRules> {
    const { strategy, privilege } = this.#handover;
    if ((strategy !== 'nftables' && strategy !== 'iptables') || (privilege !== 'root' && privilege !== 'sudo'))
      throw this.#notOwned('this');
    const engine = await connectEngine(this.#options.docker);
    // It puts no rules in, so it needs no guard for them.
    const choice = { strategy, privilege, hasOwnedTables: false };
    return strategyFor(currentSession(), choice, engine).attach(namesOf(this.id));
  }

  protected override async probeContext(): Promise<ProbeContext> {
    const rules = await this.rules();
    // A service on ::1 stands behind a relay of its owner's, whose port only the rule tells.
    const proofs = await rules.proofs();
    const targetOf = (port: ProbedPort): number => proofs.get(keyOf(port))?.targetPort ?? port.targetPort;
    const { privilege, strategy, networkId, gateway, hostname } = this.#handover;
    return {
      engine: await connectEngine(this.#options.docker),
      privileges: privilegesOf(privilege === 'sudo' ? 'sudo' : 'root'),
      strategy,
      names: namesOf(this.id),
      session: currentSession().word,
      networkId,
      gateway,
      hostname,
      rules,
      ports: () => this.probedPorts().map((port) => ({ ...port, targetPort: targetOf(port) })),
      // Its owner passed the firewall when it opened; nobody here would take an accept out again.
      firewall: 'leave',
      accepts: new Set(),
      onAdded: (what, release) => this.#probes.push(what, release),
    };
  }

  #notOwned(what: string): LocalhostForwardError {
    return new LocalhostForwardError('LHF_ERR_INVALID_OPTION', {
      what: `${what}() was called on ${this.networkName}, which another process opened: its ports are that process's`,
      try: 'openLocalhostForward() in this process',
    });
  }
}
