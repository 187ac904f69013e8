import type { Engine } from '../engine/engine.ts';
import type { AttachedContainer } from '../engine/containers.ts';
import { createHelper, describeHelperRefusal } from '../engine/helper-container.ts';
import { readProgramText } from '../engine/program-text.ts';
import { LocalhostForwardError } from '../errors.ts';
import { renderLabels } from '../ownership/names.ts';
import type { PortKey } from '../strategies/strategy.ts';

/** Whose localhost it stands at, and where what comes there goes. */
export interface LocalhostHelperPlan {
  readonly engine: Engine;
  readonly containerId: string;
  readonly containerName: string;
  /** Its network, as the engine takes it. */
  readonly network: string;
  /** Throws where that network is not the container's any more: a path of a process may stand for another one. */
  readonly assertStillThere: () => Promise<void>;
  /** An address, or a name that the container resolves. */
  readonly host: string;
  readonly bridge: string;
  readonly session: string;
  /** An image with a `node` in it, for engines that cannot mount the host's own. */
  readonly image: string | undefined;
}

interface Pending {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** A container of ours in the network namespace of somebody's container: it listens there on localhost, and ends with this process. */
export class LocalhostHelper {
  readonly plan: LocalhostHelperPlan;
  readonly #attached: AttachedContainer;
  readonly #pending = new Map<number, Pending>();
  #asked = 0;
  #isOver = false;

  private constructor(plan: LocalhostHelperPlan, attached: AttachedContainer) {
    this.plan = plan;
    this.#attached = attached;
    void this.#read();
  }

  /** Nothing of it is left where that fails. @throws LHF_ERR_RULES, LHF_ERR_PORT_IN_USE */
  static async start(plan: LocalhostHelperPlan, ports: readonly PortKey[]): Promise<LocalhostHelper> {
    const attached = await createHelper(plan.engine.docker, {
      name: `lhf-localhost-${plan.bridge.slice('lhf-'.length)}-${plan.containerId.slice(0, 12)}`,
      labels: renderLabels(plan.bridge, plan.session),
      program: await readProgramText('localhost'),
      args: [plan.host],
      network: plan.network,
      listensBelow1024: true,
      image: plan.image,
    }).catch((error: unknown) => {
      throw notStarted(plan, error, '');
    });
    const helper = new LocalhostHelper(plan, attached);
    try {
      await attached.start();
      await plan.assertStillThere();
      for (const port of ports) await helper.listen(port);
      attached.keepAlive(false);
      return helper;
    } catch (error) {
      await helper.remove();
      throw error instanceof LocalhostForwardError ? error : notStarted(plan, error, attached.stderr());
    }
  }

  /** Whether its program has ended, whoever ended it. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** @throws LHF_ERR_PORT_IN_USE where something of the container's listens there already. */
  async listen(port: PortKey): Promise<void> {
    await this.#ask('listen', port).catch((error: unknown) => {
      throw cannotListen(this.plan, port, error);
    });
  }

  /** Nobody is accepted there any more; what is established goes on as far as the forward carries it. */
  async stop(port: PortKey): Promise<void> {
    // One that somebody took listens to nothing.
    if (!this.#isOver) await this.#ask('close', port).catch(() => undefined);
  }

  remove(): Promise<void> {
    return this.#attached.remove();
  }

  #ask(what: 'listen' | 'close', { protocol, containerPort }: PortKey): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#isOver) return reject(new Error('its program has ended'));
      const id = (this.#asked += 1);
      this.#pending.set(id, { resolve, reject });
      this.#attached.send(JSON.stringify({ id, do: what, protocol, port: containerPort }));
    });
  }

  async #read(): Promise<void> {
    for await (const line of this.#attached.lines) {
      const { id, error } = JSON.parse(line) as { id: number; error?: { code: string; message: string } };
      const pending = this.#pending.get(id);
      this.#pending.delete(id);
      if (error === undefined) pending?.resolve();
      else pending?.reject(Object.assign(new Error(error.message), { code: error.code }));
    }
    this.#isOver = true;
    for (const { reject } of this.#pending.values()) reject(new Error('its program ended'));
    this.#pending.clear();
  }
}

const notStarted = ({ containerName }: LocalhostHelperPlan, error: unknown, said: string): LocalhostForwardError => {
  const refusal = describeHelperRefusal(error);
  const what = refusal?.what ?? [String(error), said.trim()].filter((text) => text !== '').join(': ');
  return new LocalhostForwardError(
    'LHF_ERR_RULES',
    {
      what: `The helper at the localhost of ${containerName} did not start: ${what}`,
      try: refusal?.try ?? 'localhost-forward doctor',
    },
    { cause: error },
  );
};

const cannotListen = (
  { containerName, containerId }: LocalhostHelperPlan,
  { protocol, containerPort }: PortKey,
  error: unknown,
): LocalhostForwardError => {
  const { code, message } = error as NodeJS.ErrnoException;
  const why = code === 'EADDRINUSE' ? 'something in that container listens there' : message;
  return new LocalhostForwardError(
    'LHF_ERR_PORT_IN_USE',
    {
      what: `Nothing can listen on localhost:${containerPort} (${protocol}) of the container ${containerName}: ${why}`,
      try: `docker exec ${containerId.slice(0, 12)} ss -lnp`,
    },
    { cause: error },
  );
};
