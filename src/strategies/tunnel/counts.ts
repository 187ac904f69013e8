import type { Readable } from 'node:stream';

export interface Count {
  attempts: number;
  connections: number;
  packets: number;
  bytes: number;
  proofs: number;
}

/** What came through each port of a tunnel, by its key. */
export class Counts {
  readonly #counts = new Map<string, Count>();

  of(key: string): Count {
    const count = this.#counts.get(key) ?? { attempts: 0, connections: 0, packets: 0, bytes: 0, proofs: 0 };
    this.#counts.set(key, count);
    return count;
  }

  delete(key: string): void {
    this.#counts.delete(key);
  }

  /** Counts a connection that a service has accepted, with what both sides say. Of a probe of ours, that it came. */
  follow(key: string, isProbe: boolean, sides: readonly Readable[]): void {
    const count = this.of(key);
    if (isProbe) {
      count.proofs += 1;
      return;
    }
    count.connections += 1;
    for (const side of sides)
      side.on('data', (chunk: Buffer) => {
        count.packets += 1;
        count.bytes += chunk.length;
      });
  }
}
