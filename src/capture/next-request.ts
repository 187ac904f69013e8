import { clearTimeout, setTimeout, whenHeard } from '../clock.ts';
import { LocalhostForwardError } from '../errors.ts';
import type { CapturedRequest, RequestMatch } from '../types.ts';
import { describeMatch } from './match.ts';
import type { RequestLog, Wish } from './request-log.ts';

/** By this, matchers of any copy of this package wait for a request and leave it to others. */
export const awaitRequest = Symbol.for('localhost-forward.await-request');

export interface Manner {
  /** Whether the request is given to nobody else who takes one. */
  readonly takes: boolean;
  /** Whether a wait in vain tells if a container could have come. */
  readonly explains: boolean;
}

/** Below the five seconds after which runners end a test: whoever waits in vain is to be told why. In milliseconds. */
export const defaultWaitMs = 3_000;

export interface Wait {
  readonly log: RequestLog;
  readonly wish: Wish;
  readonly networkName: string;
  /** Whether a container could have come at all, a sentence and something to try. */
  readonly explain: (() => Promise<{ readonly sentence: string; readonly advice: string }>) | undefined;
  /** Aborts when the forward closes. */
  readonly closed: AbortSignal;
}

/** The oldest request that fits, or the next one that comes. */
export const nextRequest = async ({ log, wish, ...wait }: Wait): Promise<CapturedRequest> => {
  const { timeoutMs = defaultWaitMs } = wish;
  const found = log.find(wish) ?? (await comesWithin(timeoutMs, log, wish, wait.closed));
  if (found !== undefined) return found;
  if (wait.closed.aborted) throw closedMeanwhile(wait.networkName, wish);
  const came = log.requests.map(
    ({ method, path, containerPort }) => `came: ${method} ${path} on port ${containerPort}`,
  );
  const explained = await wait.explain?.();
  throw new LocalhostForwardError('LHF_ERR_TIMEOUT', {
    what: `No ${describeMatch(wish)} came to ${wait.networkName} within ${timeoutMs} ms`,
    evidence: [
      ...came.slice(-mostTold),
      ...(came.length > mostTold ? [`and ${came.length - mostTold} before these`] : []),
      ...(came.length + log.dropped + log.noRequests.all === 0 ? ['nothing came at all'] : []),
      ...(log.dropped > 0
        ? [`${log.dropped}${came.length === 0 ? '' : ' more'} came and ${log.dropped === 1 ? 'was' : 'were'} not kept`]
        : []),
      ...describeNoRequests(log.noRequests),
      ...(explained === undefined ? [] : [explained.sentence]),
    ],
    ...(explained !== undefined && { try: explained.advice }),
  });
};

const mostTold = 10;

const describeNoRequests = ({ all, tls }: RequestLog['noRequests']): string[] => {
  if (all === 0) return [];
  const brought = `${all} connection${all === 1 ? '' : 's'} brought no HTTP request`;
  return [tls === 0 ? brought : `${brought}: TLS, which \`https://\` stands for, is not spoken here`];
};

const comesWithin = (ms: number, log: RequestLog, wish: Wish, closed: AbortSignal) =>
  new Promise<CapturedRequest | undefined>((resolve) => {
    const settle = (request?: CapturedRequest): void => {
      clearTimeout(timer);
      closed.removeEventListener('abort', onClosed);
      giveUp();
      resolve(request);
    };
    const onClosed = (): void => settle();
    const timer = setTimeout(() => whenHeard(settle), ms);
    const giveUp = log.await(wish, settle);
    closed.addEventListener('abort', onClosed);
  });

export const withoutListener = (what: string, networkName: string): LocalhostForwardError =>
  new LocalhostForwardError('LHF_ERR_UNSUPPORTED', {
    what: `${what}() was asked of ${networkName}, which was opened without \`listener: true\` and keeps no requests`,
    try: 'listener: true, where the forward is opened',
  });

const closedMeanwhile = (networkName: string, match: RequestMatch): LocalhostForwardError =>
  new LocalhostForwardError('LHF_ERR_CLOSED', {
    what: `${networkName} was closed while nextRequest() waited for a ${describeMatch(match)}`,
    try: 'await net.nextRequest() before net.close()',
  });
