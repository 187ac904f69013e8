import type { Socket } from 'node:net';
import type { ClientChannel } from 'ssh2';
import { LocalhostForwardError } from '../../errors.ts';
import type { CutMode } from '../../faults.ts';

/** Which ports of a tunnel are cut, by their keys, and who waits for an answer there. */
export class TunnelCuts {
  readonly #cuts = new Map<string, CutMode>();
  /** By how they are refused. */
  readonly #held = new Map<() => void, string>();

  of(key: string): CutMode | undefined {
    return this.#cuts.get(key);
  }

  /** Gives what it was before. */
  set(key: string, cut: CutMode | undefined): CutMode | undefined {
    const was = this.#cuts.get(key);
    if (cut === undefined) this.#cuts.delete(key);
    else this.#cuts.set(key, cut);
    return was;
  }

  hold(key: string, refuse: () => void): void {
    this.#held.set(refuse, key);
  }

  /** Whether one has given up meanwhile is not told by ssh: none is carried on to a service that would see it come and go. */
  refuseHeld(key: string): void {
    for (const [refuse, of] of this.#held) {
      if (of !== key) continue;
      this.#held.delete(refuse);
      refuse();
    }
  }
}

export const connect = (channel: ClientChannel, service: Socket): void => {
  disconnect(channel, service);
  channel.pipe(service);
  service.pipe(channel);
};

/** Neither side is read, and both wait. */
export const disconnect = (channel: ClientChannel, service: Socket): void => {
  channel.unpipe(service).pause();
  service.unpipe(channel).pause();
};

export const slowsElsewhere = (): LocalhostForwardError =>
  new LocalhostForwardError(
    'LHF_ERR_UNSUPPORTED',
    {
      what: 'The strategy tunnel cuts ports and does not slow them, since nothing of it holds bytes back: relay and sidecar do',
      try: "strategy: 'relay'",
    },
    { strategy: 'tunnel' },
  );
