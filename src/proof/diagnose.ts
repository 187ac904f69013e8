import type { ProofOptions } from '../options/options.ts';
import type { ProofContext } from './context.ts';
import type { Diagnosis } from '../diagnosis.ts';
import { examine } from './examine.ts';
import { readable } from './render.ts';

/** Dials from a container and tells what happened, hop by hop: of the first port that does not work, or of the first one. Changes nothing. */
export const diagnoseForward = async (
  context: ProofContext,
  { port, ...proof }: ProofOptions & { port?: number },
): Promise<Diagnosis> => {
  let first: Diagnosis | undefined;
  for (const one of context.ports()) {
    if (port !== undefined && one.containerPort !== port) continue;
    const diagnosis = await examine(context, one, proof);
    if (!diagnosis.reachable) return diagnosis;
    first ??= diagnosis;
  }
  return first ?? nothingForwarded(context);
};

const nothingForwarded = ({ names }: ProofContext): Diagnosis =>
  readable({
    reachable: false,
    finding: 'rule-missing',
    sentence: `${names.network} forwards no port`,
    hops: [],
    advice: 'net.forward(8088)',
    containerPort: 0,
  });
