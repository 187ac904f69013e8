import type { Hits } from '../../types.ts';
import { notCounted } from '../listed.ts';
import { blindWatch, type PacketWatch } from '../packets.ts';
import { keyOf, type PortMapping, type Proofs, type RouteEvidence, type RouteView } from '../strategy.ts';
import type { Ask } from './desk.ts';
import type { End, RelayCount } from './orders.ts';

/** What can be asked of a forward that a thread carries, wherever that is. */
export class CarriedView implements RouteView {
  readonly isRelay = true;
  readonly landingOf: RouteView['landingOf'];
  readonly #ask: Ask;

  constructor(ask: Ask, landingOf: RouteView['landingOf']) {
    this.#ask = ask;
    this.landingOf = landingOf;
  }

  async hits(ports: readonly PortMapping[]): Promise<Hits[]> {
    return Promise.all(
      ports.map(async (port) => {
        const count = await this.#ask<RelayCount>({ do: 'count', key: keyOf(port) });
        if (count === undefined) throw notCounted(`container port ${port.containerPort}`, 'what carried it has ended');
        const { attempts, connections, packets, bytes } = count;
        return { attempts, connections, packets, bytes };
      }),
    );
  }

  async proofs(): Promise<ReadonlyMap<string, Proofs>> {
    return new Map((await this.#ask<[string, Proofs][]>({ do: 'proofs' })) ?? []);
  }

  async inspect(port: PortMapping): Promise<RouteEvidence> {
    const isPresent = (await this.#ask<boolean>({ do: 'isOpen', key: keyOf(port) })) === true;
    return { isPresent, routeLocalnet: undefined };
  }

  carriedFrom(port: PortMapping, end: End): Promise<End | undefined> {
    return this.#ask({ do: 'carriedFrom', key: keyOf(port), end });
  }

  callerBehind(port: PortMapping, end: End): Promise<End | undefined> {
    return this.#ask({ do: 'callerBehind', key: keyOf(port), end });
  }

  async watchPackets(): Promise<PacketWatch> {
    return blindWatch;
  }
}
