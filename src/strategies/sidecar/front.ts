import { temporaryFolder } from '../../host/temporary-folder.ts';
import { clearTimeout, delay, setTimeout, whenHeard } from '../../clock.ts';
import { removeContainer, type AttachedContainer } from '../../engine/containers.ts';
import { statusOf } from '../../engine/engine.ts';
import { dockerUnavailable } from '../../engine/unavailable.ts';
import { createHelper, describeHelperRefusal } from '../../engine/helper-container.ts';
import { readProgramText } from '../../engine/program-text.ts';
import { isLocalhostForwardError, LocalhostForwardError } from '../../errors.ts';
import { sidecarAddressOf } from '../../network/subnet.ts';
import { renderLabels, type Names } from '../../ownership/names.ts';
import { socketIn } from '../carrier/folders.ts';
import type { RelayThread } from '../carrier/relay-thread.ts';
import type { Front, Place } from '../carrier/route.ts';
import type { Network, Tools } from '../strategy.ts';

/** What the socket is called in the container. */
const socketThere = '/localhost-forward.sock';

/** How long its program may take to call back once it has been started, in milliseconds. */
const startMs = 20_000;

/** How long one that is paused, say, is waited for to reset its callers before it is removed all the same, in milliseconds. */
const farewellMs = 5_000;

export interface SidecarParts {
  readonly names: Names;
  readonly tools: Tools;
  readonly thread: RelayThread;
  readonly forget: () => Promise<void>;
}

/** One forward's sidecar, and the way from it to this process. */
export class SidecarFront implements Front {
  readonly strategy = 'sidecar';
  readonly #parts: SidecarParts;
  readonly #name: string;
  #isBegun = false;
  #isOpen = false;
  #container: AttachedContainer | undefined;

  constructor(parts: SidecarParts) {
    this.#parts = parts;
    this.#name = `lhf-sidecar-${parts.names.bridge.slice('lhf-'.length)}`;
  }

  async open(
    network: Network,
    folder: string | undefined,
    onLost: () => void,
  ): Promise<{ address: string; place: Place }> {
    const address = sidecarAddressOf(network.subnet);
    const { names, thread } = this.#parts;
    if (folder === undefined) throw noFolder(this.#name);
    const socket = socketIn(folder, 'sidecar');
    await thread.ask({ do: 'openDoor', forward: names.bridge, path: socket });
    try {
      await this.#start(network, address, socket, onLost);
    } catch (error) {
      throw this.#describe(error);
    }
    return { address, place: { address } };
  }

  async #start(network: Network, address: string, socket: string, onLost: () => void): Promise<void> {
    const { names, tools, thread } = this.#parts;
    this.#isBegun = true;
    const container = await createHelper(tools.engine.docker, {
      name: this.#name,
      labels: renderLabels(names.bridge, tools.session.word),
      program: await readProgramText('sidecar'),
      args: [socketThere],
      network: network.name,
      address,
      // Ports below 1024 without a right of its own; and it carries nothing from one network to another.
      sysctls: { 'net.ipv4.ip_unprivileged_port_start': '0', 'net.ipv4.ip_forward': '0' },
      mounts: [{ source: socket, target: socketThere }],
    });
    this.#container = container;
    const ended = endOf(container);
    ended.catch(() => {
      const wasOpen = this.#isOpen;
      this.#isOpen = false;
      // It ends when it is removed, too.
      if (wasOpen) onLost();
    });
    await container.start();
    const late = Promise.withResolvers<never>();
    const giveUp = (): void => late.reject(new Error(`it did not call back within ${startMs} ms`));
    const timer = setTimeout(() => whenHeard(giveUp), startMs);
    try {
      await Promise.race([thread.ask({ do: 'awaitSidecar', forward: names.bridge }), ended, late.promise]);
    } finally {
      clearTimeout(timer);
    }
    this.#isOpen = true;
    container.keepAlive(false);
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** In the container's own network, which this host does not see. */
  landingOf(): undefined {
    return undefined;
  }

  async close(): Promise<void> {
    const { names, tools, thread } = this.#parts;
    this.#isOpen = false;
    // A thread that ends meanwhile takes the door along.
    const left = thread.isLost
      ? undefined
      : thread.ask({ do: 'closeDoor', forward: names.bridge }).catch(() => undefined);
    await Promise.race([left, delay(farewellMs, { ref: false })]);
    // By its name where the engine's answer to its creation was lost: nobody else's has that.
    if (this.#isBegun) await (this.#container?.remove() ?? removeContainer(tools.engine.docker, this.#name));
    this.#isBegun = false;
  }

  forget(): Promise<void> {
    return this.#parts.forget();
  }

  #describe(error: unknown): unknown {
    if (isLocalhostForwardError(error)) return error;
    const { engine } = this.#parts.tools;
    const refusal = describeHelperRefusal(error);
    if (refusal === undefined && isOfConnection(error)) return dockerUnavailable(error, engine.facts.endpoint);
    const said = this.#container?.stderr().trim() ?? '';
    const what = refusal?.what ?? [String(error), said].filter((text) => text !== '').join(': ');
    return new LocalhostForwardError(
      'LHF_ERR_RULES',
      { what: `The sidecar ${this.#name} did not start: ${what}`, try: refusal?.try ?? 'localhost-forward doctor' },
      { cause: error, strategy: 'sidecar' },
    );
  }
}

const noFolder = (name: string): LocalhostForwardError =>
  new LocalhostForwardError(
    'LHF_ERR_RULES',
    {
      what: `The sidecar ${name} has no socket: no folder could be made in ${temporaryFolder()}, nor in /tmp`,
      try: 'TMPDIR=<a folder that this user may write to>',
    },
    { strategy: 'sidecar' },
  );

/** Rejects when the container ends, or says that its link is lost. */
const endOf = async (container: AttachedContainer): Promise<never> => {
  for await (const _ of container.lines) throw new Error('its program lost the link');
  throw new Error('its program ended');
};

const isOfConnection = (error: unknown): boolean =>
  statusOf(error) === undefined && typeof (error as NodeJS.ErrnoException).code === 'string';
