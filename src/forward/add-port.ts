import type { PlannedPort } from '../options/options.ts';
import { keyOf, type Route } from '../strategies/strategy.ts';
import { expectMapping, openPort, type OpenPort } from './ports.ts';

/**
 * Adds a port to an open route. That its service listens on 127.0.0.1, as nearly all do, is taken for granted and looked at meanwhile.
 *
 * @param claim - Throws where the port is forwarded already: nothing is done then.
 */
export const addPort = async (
  plan: PlannedPort,
  route: Pick<Route, 'add' | 'remove' | 'takesBack'>,
  claim: (key: string) => void,
): Promise<OpenPort> => {
  const expected = route.takesBack === false ? undefined : expectMapping(plan);
  if (expected !== undefined) claim(keyOf(expected));
  const [opening, adding] = await Promise.allSettled([
    openPort(plan, { listener: false, verify: false }),
    expected === undefined ? undefined : route.add(expected),
  ]);
  try {
    if (opening.status === 'rejected') throw opening.reason;
    if (adding.status === 'rejected') throw adding.reason;
    const { mapping } = opening.value;
    if (expected === undefined) claim(keyOf(mapping));
    if (expected?.targetPort !== mapping.targetPort) {
      if (expected !== undefined) await route.remove(expected);
      await route.add(mapping);
    }
    await opening.value.handOver();
    return opening.value;
  } catch (error) {
    // What fails to be undone stands in the way of the next who adds it, and goes with the route.
    if (expected !== undefined && adding.status === 'fulfilled') await route.remove(expected).catch(() => undefined);
    if (opening.status === 'fulfilled') await opening.value.close();
    throw error;
  }
};

/** What could not be had everywhere is nowhere. @throws what was in the way */
export const takeBack = async (opened: OpenPort, route: Pick<Route, 'remove'>, error: unknown): Promise<never> => {
  // What fails to be undone stands in the way of the next who adds it, and goes with the route.
  await Promise.allSettled([route.remove(opened.mapping), opened.close()]);
  throw error;
};
