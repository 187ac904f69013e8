import type Docker from 'dockerode';
import { delay } from '../clock.ts';
import {
  AddressTaken,
  asAddressTaken,
  connectContainer,
  disconnectContainer,
  removeContainer,
  type AttachedContainer,
} from '../engine/containers.ts';
import { statusOf } from '../engine/engine.ts';
import { createHelper } from '../engine/helper-container.ts';
import { readProgramText } from '../engine/program-text.ts';
import { Inbox } from './inbox.ts';
import type { ProbeEvent, ProbeLeft, ProbeOrder } from './protocol.ts';

export interface ProbeBirth {
  readonly labels: Readonly<Record<string, string>>;
  readonly image: string | undefined;
  readonly network: string;
  readonly address: string;
  /** The name that containers dial, and what it stands for on this network. */
  readonly extraHosts: readonly string[];
}

/** How long its program lives without an order, in milliseconds: its process is halted, or whoever should have ended it has failed. */
const abandonedAfterMs = 300_000;

/** A program that does not close its connections within this is stuck, in milliseconds. */
const stuckAfterMs = 5_000;

/** A container with a probe in it, which outlives one proof and dials on each network that it is on. */
export class ProbeContainer {
  readonly name: string;
  readonly #docker: Docker;
  readonly #onOver: () => void;
  readonly #inboxes = new Map<number, Inbox<ProbeEvent>>();
  readonly #leaving = new Map<number, () => void>();
  readonly #arrivals = new Set<Promise<void>>();
  #starting: Promise<void> | undefined;
  #attached: AttachedContainer | undefined;
  #isOver = false;
  #removing: Promise<void> | undefined;

  /** @param onOver - Called when it can be visited no more, whoever ended it. */
  constructor(docker: Docker, name: string, onOver: () => void) {
    this.#docker = docker;
    this.name = name;
    this.#onOver = onOver;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Whether the engine may have created it without our knowing. */
  get isDoubtful(): boolean {
    return this.#attached === undefined;
  }

  /** What its program had to complain of. */
  get complaint(): string {
    return this.#attached?.stderr().trim() ?? '';
  }

  /** Once. It is over where that fails. @throws AddressTaken, and whatever the engine says. */
  start(birth: ProbeBirth): Promise<void> {
    return (this.#starting = this.#start(birth).catch((error: unknown) => {
      this.#end();
      throw asAddressTaken(error);
    }));
  }

  async #start(birth: ProbeBirth): Promise<void> {
    this.#attached = await createHelper(this.#docker, {
      ...birth,
      name: this.name,
      program: await readProgramText('probe'),
      args: [String(abandonedAfterMs)],
      // On several networks at once, it must not carry anything from one to another.
      sysctls: { 'net.ipv4.ip_forward': '0' },
    });
    void this.#read(this.#attached.lines);
    await this.#attached.start();
    this.#keepAliveAsNeeded();
  }

  /** @throws AddressTaken, and whatever the engine says; it is over where that may be its own fault. */
  async connect(network: string, address: string): Promise<void> {
    const arrival = connectContainer(this.#docker, this.name, { network, address });
    const settled = arrival.catch(() => undefined);
    this.#arrivals.add(settled);
    void settled.then(() => this.#arrivals.delete(settled));
    try {
      await arrival;
    } catch (error) {
      // Without an answer it may be connected or not. Else: did somebody end it?
      if (
        !(error instanceof AddressTaken) &&
        (statusOf(error) === undefined || /marked for removal|not running|no such container/i.test(String(error)))
      )
        this.#end();
      throw error;
    }
  }

  /** What it says of a visit, until that is left or the container ends. */
  listen(visit: number): Inbox<ProbeEvent> {
    const inbox = new Inbox<ProbeEvent>();
    if (this.#isOver) inbox.end();
    else this.#inboxes.set(visit, inbox);
    this.#keepAliveAsNeeded();
    return inbox;
  }

  send(order: ProbeOrder): void {
    if (!this.#isOver) this.#attached?.send(JSON.stringify(order));
  }

  /** Ends a visit: closes what is open of it, and leaves the network. Where that fails, the container goes as a whole. */
  async leave(visit: number, network: string): Promise<void> {
    this.#inboxes.get(visit)?.end();
    this.#inboxes.delete(visit);
    const isClosed = await this.#closeAll(visit);
    this.#keepAliveAsNeeded();
    if (!isClosed) return this.remove();
    // The engine changes a container's networks one after the other, and somebody waits for an arrival.
    await Promise.all(this.#arrivals);
    await disconnectContainer(this.#docker, this.name, network).catch(() => this.remove());
  }

  /** Gone when it resolves, with all its endpoints. Called again, it does what was not done. */
  remove(): Promise<void> {
    this.#end();
    // Twice: a connection that the engine closed in the meantime tells nothing.
    this.#removing ??= this.#removeOnce()
      .catch(() => this.#removeOnce())
      .finally(() => (this.#removing = undefined));
    return this.#removing;
  }

  async #removeOnce(): Promise<void> {
    // What is being created cannot be removed yet.
    await this.#starting?.catch(() => undefined);
    // By its name where the engine's answer to its creation was lost: nobody else's has that.
    await (this.#attached?.remove() ?? removeContainer(this.#docker, this.name));
  }

  /** Whether everything of a visit is closed, and was seen to be at the other end. */
  async #closeAll(visit: number): Promise<boolean> {
    if (this.#isOver) return false;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#leaving.set(visit, resolve);
    this.#keepAliveAsNeeded();
    this.send({ order: 'end', visit });
    await Promise.race([promise, delay(stuckAfterMs, { ref: false })]);
    // Still there: it said nothing.
    return !this.#leaving.delete(visit) && !this.#isOver;
  }

  async #read(lines: AsyncIterable<string>): Promise<void> {
    for await (const line of lines) {
      const said = parseLine(line);
      if (said === undefined) continue;
      if (said.event !== 'left') this.#inboxes.get(said.visit)?.push(said);
      else {
        this.#leaving.get(said.visit)?.();
        this.#leaving.delete(said.visit);
      }
    }
    this.#end();
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const inbox of this.#inboxes.values()) inbox.end();
    for (const left of this.#leaving.values()) left();
    this.#inboxes.clear();
    this.#leaving.clear();
    this.#onOver();
  }

  // Only somebody who waits for its answer keeps this process alive.
  #keepAliveAsNeeded(): void {
    this.#attached?.keepAlive(this.#inboxes.size + this.#leaving.size > 0);
  }
}

const parseLine = (line: string): ProbeEvent | ProbeLeft | undefined => {
  try {
    return JSON.parse(line) as ProbeEvent | ProbeLeft;
  } catch {
    return undefined;
  }
};
