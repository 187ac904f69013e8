import { now } from '../clock.ts';
import { LocalhostForwardError } from '../errors.ts';
import type { ProofOptions } from '../options/options.ts';
import type { Verification } from '../types.ts';
import { isDialled, type ProofContext, type ProbedPort } from './context.ts';
import type { Diagnosis } from '../diagnosis.ts';
import { examine } from './examine.ts';
import { prove } from './prove.ts';
import { renderHop } from './render.ts';
import { keyOfPort, type ProbeAnswer } from './run-probe.ts';
import { isAtService } from './witness.ts';

/**
 * Proves reachability from a container: name, our listener's nonce where it stands, and else the very connection, at the service.
 *
 * @throws LHF_ERR_UNREACHABLE with a diagnosis, LHF_ERR_ABORTED.
 */
export const verifyForward = async (
  context: ProofContext,
  { port, signal, isFirst, ...proof }: ProofOptions & { port?: number; signal?: AbortSignal; isFirst?: boolean },
): Promise<Verification> => {
  const startedAt = now();
  const ports = context.ports().filter((one) => port === undefined || one.containerPort === port);
  const cut = ports.find((one) => one.cut !== undefined);
  if (cut !== undefined) throw unreachable(context, await examine(context, cut, proof), undefined);
  const { ended, diagnosis, cause } = await prove(context, ports, proof, signal, isFirst).catch((error: unknown) => {
    throw signal?.aborted === true ? aborted(signal) : error;
  });
  if (diagnosis !== undefined) throw unreachable(context, diagnosis, cause);
  return {
    ports: ports.map((one) => {
      const event = ended.get(keyOfPort(one));
      return {
        containerPort: one.containerPort,
        protocol: one.protocol,
        answer: !isDialled(one) ? 'sent' : event?.event === 'nonce' ? 'nonce' : 'accepted',
        proof: proofOf(one, event),
        ms: event?.ms ?? 0,
        ...(event?.seenFrom === undefined ? {} : { seenFrom: event.seenFrom }),
      };
    }),
    accepts: [...context.accepts],
    ms: now() - startedAt,
  };
};

const proofOf = (port: ProbedPort, event: ProbeAnswer | undefined): Verification['ports'][number]['proof'] => {
  if (!isDialled(port)) return 'rule-present';
  if (event?.event === 'nonce') return 'nonce';
  return isAtService(event?.arrival) ? 'connection-at-service' : 'translated';
};

const unreachable = (context: ProofContext, diagnosis: Diagnosis, cause: unknown): LocalhostForwardError =>
  new LocalhostForwardError(
    'LHF_ERR_UNREACHABLE',
    { what: diagnosis.sentence, evidence: diagnosis.hops.map(renderHop), try: diagnosis.advice },
    { diagnosis, strategy: context.strategy, ...(cause === undefined ? {} : { cause }) },
  );

const aborted = (signal: AbortSignal): LocalhostForwardError =>
  new LocalhostForwardError(
    'LHF_ERR_ABORTED',
    { what: `Opening was aborted by its signal: ${String(signal.reason)}` },
    { cause: signal.reason },
  );
