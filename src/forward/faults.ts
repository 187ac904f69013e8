import type { PortSigns } from '../ownership/port-signs.ts';
import { keyOf, type Fault, type PortMapping, type Route } from '../strategies/strategy.ts';
import type { LocalhostForward } from '../types.ts';
import { notForwarded } from './describe.ts';
import type { OpenPort } from './ports.ts';

interface Parts {
  readonly route: Pick<Route, 'disturb'>;
  readonly openPorts: ReadonlyMap<string, Pick<OpenPort, 'mapping'>>;
}

/** What is wrong with the ports of one forward on purpose, by their keys. */
export class Faults {
  readonly #parts: Parts;
  readonly #signs: Pick<PortSigns, 'show'>;
  readonly #faults = new Map<string, Fault>();

  /** `signs` tell other processes what became of ports. */
  constructor(parts: Parts, signs: Pick<PortSigns, 'show'>) {
    this.#parts = parts;
    this.#signs = signs;
  }

  of(port: PortMapping): Fault {
    return this.#faults.get(keyOf(port)) ?? {};
  }

  /** Tells other processes what became of these ports. */
  tell(ports: readonly PortMapping[]): Promise<void> {
    const isThere = (port: PortMapping): boolean => this.#parts.openPorts.has(keyOf(port));
    return this.#signs.show(ports.map((port) => ({ ...port, isThere: isThere(port), cut: this.of(port).cut })));
  }

  /** Changes the faults of all that a container port stands for, or of all ports: of all of them or of none. @throws LHF_ERR_INVALID_OPTION */
  async change(
    net: Pick<LocalhostForward, 'networkName' | 'ports'>,
    containerPort: number | undefined,
    update: (now: Fault) => Fault,
  ): Promise<void> {
    const ports = [...this.#parts.openPorts.values()]
      .map(({ mapping }) => mapping)
      .filter((port) => containerPort === undefined || port.containerPort === containerPort);
    if (containerPort !== undefined && ports.length === 0) throw notForwarded(containerPort, net);
    const before = ports.map((port) => [port, this.of(port)] as const);
    try {
      for (const [port, fault] of before) await this.#set(port, update(fault));
    } catch (error) {
      for (const [port, fault] of before) await this.#set(port, fault).catch(() => undefined);
      throw error;
    } finally {
      await this.tell(ports);
    }
  }

  /** A port that is gone takes its faults along. */
  forget(port: PortMapping): void {
    this.#faults.delete(keyOf(port));
  }

  async #set(port: PortMapping, fault: Fault): Promise<void> {
    if (JSON.stringify(fault) === JSON.stringify(this.of(port))) return;
    await this.#parts.route.disturb(port, fault);
    this.#faults.set(keyOf(port), fault);
  }
}
