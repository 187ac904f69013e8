import { isIP } from 'node:net';
import { statusOf, type Engine } from '../engine/engine.ts';
import { LocalhostForwardError } from '../errors.ts';
import { readSafely } from '../options/expect.ts';
import type { PortKey } from '../strategies/strategy.ts';
import { LocalhostHelper } from './localhost-helper.ts';

interface Parts {
  readonly names: { readonly bridge: string };
  readonly network: { readonly id: string; readonly name: string };
  readonly tools: { readonly engine: Engine; readonly session: { readonly word: string } };
  readonly address: string;
  readonly openPorts: ReadonlyMap<string, { readonly mapping: PortKey }>;
  readonly options: {
    readonly proof: { readonly image?: string | undefined };
    readonly hostname: string;
  };
}

/** The containers whose own localhost leads to a forward, too. */
export class Localhosts {
  readonly #parts: Parts;
  /** By the container's id, each with the process whose network it is in. */
  readonly #helpers = new Map<string, { readonly helper: LocalhostHelper; readonly pid: number }>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Has begun once it resolves; a failure leaves nothing. @throws LHF_ERR_INVALID_OPTION, LHF_ERR_PORT_IN_USE, LHF_ERR_RULES */
  async join(container: string): Promise<AsyncDisposable> {
    const { names, tools, address, options } = this.#parts;
    const { id, name, pid } = await this.#find(container);
    const joined = this.#helpers.get(id);
    if (joined !== undefined) {
      if (!joined.helper.isOver && joined.pid === pid)
        throw notToBeJoined(`one that is not joined yet, got ${name}, which is`, undefined);
      // It stands at the localhost that the container had before it started again, or nowhere any more.
      await this.#leave(id, joined.helper);
    }
    const hasAddress = isIP(address) !== 0;
    const plan = {
      engine: tools.engine,
      containerId: id,
      containerName: name,
      network: networkOf({ id, pid }, tools.engine.facts, hasAddress),
      assertStillThere: async () => {
        if ((await this.#find(id)).pid !== pid)
          throw notToBeJoined(`a running container, got ${name}, which has started again meanwhile`, undefined);
      },
      // What only the engine knows is dialled by its name.
      host: hasAddress ? address : options.hostname,
      bridge: names.bridge,
      session: tools.session.word,
      image: options.proof.image,
    };
    const ports = [...this.#parts.openPorts.values()].map(({ mapping }) => mapping);
    const helper = await LocalhostHelper.start(plan, ports);
    this.#helpers.set(id, { helper, pid });
    return { [Symbol.asyncDispose]: () => this.#leave(id, helper) };
  }

  /** At all of them or at none. @throws LHF_ERR_PORT_IN_USE */
  async add(port: PortKey): Promise<void> {
    const done: LocalhostHelper[] = [];
    try {
      for (const { helper } of this.#helpers.values()) {
        // One that somebody ended stands nowhere: its container is to be joined again.
        if (helper.isOver) continue;
        await helper.listen(port);
        done.push(helper);
      }
    } catch (error) {
      await Promise.all(done.map((helper) => helper.stop(port)));
      throw error;
    }
  }

  async remove(port: PortKey): Promise<void> {
    await Promise.all([...this.#helpers.values()].map(({ helper }) => helper.stop(port)));
  }

  /** Tried again, it does what is left. */
  async close(): Promise<void> {
    const leaving = [...this.#helpers].map(([id, { helper }]) => this.#leave(id, helper));
    const failed = (await Promise.allSettled(leaving)).find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  async #leave(id: string, helper: LocalhostHelper): Promise<void> {
    if (this.#helpers.get(id)?.helper !== helper) return;
    await helper.remove();
    this.#helpers.delete(id);
  }

  async #find(container: string): Promise<{ id: string; name: string; pid: number }> {
    const { tools, network } = this.#parts;
    const found = await tools.engine.docker
      .getContainer(container)
      .inspect()
      .catch((error: unknown) => {
        if (statusOf(error) === 404) throw notToBeJoined(`a running container, got \`${container}\``, 'docker ps');
        throw error;
      });
    const name = found.Name.replace(/^\//, '');
    if (!found.State.Running)
      throw notToBeJoined(`a running container, got ${name}, which is ${found.State.Status}`, `docker start ${name}`);
    // By its name with some engines, by its id with others.
    const attached = Object.entries(found.NetworkSettings.Networks).some(
      ([key, { NetworkID }]) => key === network.name || NetworkID === network.id,
    );
    if (!attached)
      throw notToBeJoined(
        `a container on ${network.name}, got ${name}, which is not`,
        `docker network connect ${network.name} ${name}`,
      );
    return { id: found.Id, name, pid: found.State.Pid };
  }
}

/**
 * A container's network, as the engine gives it to another one. Names are resolved by the container's own files, which a path does not
 * bring along. Pure.
 */
export const networkOf = (
  { id, pid }: { readonly id: string; readonly pid: number },
  { joinsNetworkBy }: Pick<Engine['facts'], 'joinsNetworkBy'>,
  hasAddress: boolean,
): string => (joinsNetworkBy === 'path' && hasAddress ? `ns:/proc/${pid}/ns/net` : `container:${id}`);

/** @throws LHF_ERR_INVALID_OPTION */
export const readContainer = (container: unknown): string => {
  const id = readSafely('container', () =>
    typeof (container as { getId?: unknown } | null | undefined)?.getId === 'function'
      ? (container as { getId(): unknown }).getId()
      : container,
  );
  if (typeof id === 'string' && /^[a-zA-Z0-9][\w.-]*$/.test(id)) return id;
  throw notToBeJoined(
    `a container's id or name, or what testcontainers started, got \`${typeof id === 'string' ? id.slice(0, 120) : typeof id}\``,
    'net.joinLocalhost(container.getId())',
  );
};

const notToBeJoined = (expectation: string, advice: string | undefined): LocalhostForwardError =>
  new LocalhostForwardError('LHF_ERR_INVALID_OPTION', {
    what: `Expected \`container\` to be ${expectation}`,
    ...(advice !== undefined && { try: advice }),
  });
