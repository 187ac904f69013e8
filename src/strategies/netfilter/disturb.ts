import type { Fault, PortMapping } from '../strategy.ts';
import type { BridgeShaper } from './shaper.ts';
import type { SessionTables } from './tables/session-tables.ts';

/** Does to a port what its user asked for: all of it or nothing. The queue is there before packets are led to it, and until none is. */
export const disturbPort = async (
  rules: SessionTables,
  shaper: BridgeShaper,
  bridge: string,
  port: PortMapping,
  { cut, slow }: Fault,
): Promise<void> => {
  const classId = slow && (await shaper.shape(slow));
  try {
    await rules.disturbPort(bridge, port, { cut, classId });
  } catch (error) {
    if (classId !== undefined) await shaper.discard(classId);
    throw error;
  }
  await shaper.use(port, classId);
};
