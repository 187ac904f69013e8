import { sharedIn, type Session } from '../ownership/session.ts';
import { StayingProbe, type AskedVisit, type Destination, type Visit } from './staying-probe.ts';

/** Forwards that may send a session's probe somewhere. */
interface Held {
  readonly probe: StayingProbe;
  owners: number;
  guests: number;
}

/** One forward's part in its session's probe, which stays while any has one and goes with the last. */
export interface ProbeHold {
  /** @throws what {@link StayingProbe.visit} says. */
  visit(to: Destination, signal: AbortSignal): Promise<Visit>;
  /** Nothing of this forward's visits is on its network when it resolves. Where it is the last, the probe goes meanwhile. */
  leave(): Promise<void>;
  /** Where it was the last, the probe is gone when it resolves. What fails can be tried again. */
  release(): Promise<void>;
}

/**
 * Begins to hold a session's probe.
 *
 * @param as - Who opened a forward owns it; a guest, who only looks at it, does not keep the probe from going with the last owner.
 */
export const holdProbe = (session: Session, as: 'owners' | 'guests'): ProbeHold => {
  const held = sharedIn(session, 'probe', (): Held => ({ probe: new StayingProbe(session), owners: 0, guests: 0 }));
  held[as] += 1;
  const here = new Set<AskedVisit>();
  let isHolding = true;
  const isNeeded = (): boolean => held.owners > 0 || (as === 'guests' && held.guests > 0);
  const stop = (): void => {
    if (isHolding) held[as] -= 1;
    isHolding = false;
  };
  return {
    visit: (to, signal) => {
      const asked = held.probe.visit(to, signal);
      here.add(asked);
      void asked.gone.then(() => here.delete(asked));
      return asked.arrived;
    },
    leave: async () => {
      for (const { hurry } of here) hurry();
      await Promise.all(Array.from(here, ({ gone }) => gone));
      stop();
      // Waited for by `release`: a network can go beside it.
      if (!isNeeded()) held.probe.remove().catch(() => undefined);
    },
    release: async () => {
      stop();
      if (!isNeeded()) await held.probe.remove();
    },
  };
};
