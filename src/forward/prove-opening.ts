import { LocalhostForwardError } from '../errors.ts';
import type { Route } from '../strategies/strategy.ts';
import { isListening, type OpenPort } from './ports.ts';

interface Proven {
  readonly route: Pick<Route, 'divertProbes'>;
  readonly openPorts: ReadonlyMap<string, OpenPort>;
}

/**
 * Proves what is being opened, whether its services listen or not: probes are led to trial listeners of ours until it has ended, also for a
 * service that went away since it was looked at, as one does that its watcher starts anew.
 *
 * @param verify - Dials every port, and throws LHF_ERR_UNREACHABLE with the diagnosis of one. `isFirst` is whether no probe was there before.
 */
export const proveOpening = async (
  { route, openPorts }: Proven,
  verify: (isFirst: boolean) => Promise<unknown>,
): Promise<void> => {
  const ports = [...openPorts.values()];
  const [proving] = await Promise.allSettled([proveAll(ports, route, verify)]);
  const isDiverted = ports.some((port) => port.trial() !== undefined);
  const [leaving] = await Promise.allSettled([isDiverted ? route.divertProbes([]) : undefined]);
  for (const one of [proving, leaving]) if (one.status === 'rejected') throw one.reason;
};

const proveAll = async (
  ports: readonly OpenPort[],
  route: Proven['route'],
  verify: (isFirst: boolean) => Promise<unknown>,
): Promise<void> => {
  // Each round leads one port more to a listener of ours.
  for (let isFirst = true; ; isFirst = false) {
    try {
      await verify(isFirst);
      return;
    } catch (error) {
      const missed = ports.filter((port) => wasMissed(port, error));
      if (missed.length === 0) throw error;
      // Of two protocols on one number, the one whose service is gone; also where it is back by now.
      const listening = await Promise.all(missed.map((port) => isListening(port.mapping)));
      const gone = missed.filter((_, n) => listening[n] === false);
      const tried = gone.length === 0 ? missed : gone;
      for (const port of tried) await port.tryOut();
      // No port is free for it.
      if (tried.every((port) => port.trial() === undefined)) throw error;
      await route.divertProbes(ports.flatMap((port) => port.trial()?.mapping ?? []));
    }
  }
};

/** Whether a service is what was missed there, and nothing of ours stands for it yet. */
const wasMissed = (port: OpenPort, error: unknown): boolean =>
  error instanceof LocalhostForwardError &&
  error.diagnosis?.finding === 'no-listener' &&
  error.diagnosis.containerPort === port.mapping.containerPort &&
  port.trial() === undefined &&
  port.nonce() === undefined;
