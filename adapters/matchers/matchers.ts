import {
  awaitHits,
  findTraces,
  isLocalhostForwardError,
  LocalhostForwardError,
  receiveRequest,
  type LocalhostForward,
  type RequestMatch,
} from '../../src/index.ts';
import { awaited, type Matcher } from './awaited.ts';

/** What a matcher tells its runner. */
export interface Outcome {
  pass: boolean;
  message: () => string;
}

/** What `toBeReachableFromContainer()` takes. */
export interface ReachableOptions {
  /** The container port. Default: each forwarded port. */
  port?: number;
  /** How long the proof may take, in milliseconds. Default: as the forward was opened, 5000. */
  timeoutMs?: number;
  /** An image with a `node` in it, for engines that cannot mount the host's own. */
  image?: string;
}

/** What `toHaveBeenReached()` takes. */
export interface ReachedOptions {
  /** The container port. Default: all forwarded ports together. */
  port?: number;
  /** How many connections exactly. Default: at least one. */
  times?: number;
  /** How long to wait for them, in milliseconds; with `times: 0`, for how long nobody comes. Default: 0, which reads the counters once. */
  withinMs?: number;
}

/** What `toHaveReceivedRequest()` takes. */
export interface ReceivedOptions extends Omit<RequestMatch, 'timeoutMs'> {
  /** How long to wait for it, in milliseconds. Default: 0, which looks at what came so far. */
  withinMs?: number;
}

/** Dials from a container; where nobody answers, the message is the diagnosis. */
const toBeReachableFromContainer = async (received: unknown, options: ReachableOptions = {}): Promise<Outcome> => {
  const net = readForward(received, 'toBeReachableFromContainer');
  try {
    const { ports } = await net.verify(options);
    const seen = ports.map(({ protocol, containerPort, answer }) => `  ${protocol} port ${containerPort}: ${answer}`);
    return outcome(true, [
      `Expected ${nameOf(net, options.port)} not to be reachable from containers, but it is`,
      ...seen,
    ]);
  } catch (error) {
    if (!isLocalhostForwardError(error) || error.code !== 'LHF_ERR_UNREACHABLE') throw error;
    return outcome(false, [`Expected ${nameOf(net, options.port)} to be reachable from containers`, error.message]);
  }
};

/** Reads the counters of accepted connections, until it is so or time is up; where nothing came, the message tells whether something could have. */
async function toHaveBeenReached(this: unknown, received: unknown, options: ReachedOptions = {}): Promise<Outcome> {
  const net = readForward(received, 'toHaveBeenReached');
  const { attempts, connections, packets, isReached } = await awaitHits(net, options);
  const { port, times } = options;
  const counted = `counted since it was opened: ${count(connections, 'connection')} of ${count(attempts, 'attempt')}, ${count(packets, 'packet')}`;
  if (isReached)
    return outcome(true, [
      times === undefined
        ? `Expected no container to have reached ${nameOf(net, port)}`
        : `Expected containers not to have reached ${nameOf(net, port)} ${count(times, 'time')}`,
      `  ${counted}`,
    ]);
  // Nobody reads why it was not, where that was expected.
  if (isNegated(this)) return outcome(false, []);
  const expectation =
    times === undefined
      ? `Expected a container to have reached ${nameOf(net, port)}`
      : `Expected containers to have reached ${nameOf(net, port)} ${count(times, 'time')}`;
  if (connections > 0) return outcome(false, [expectation, `  ${counted}`]);
  const hint = await explainSilence(net, port).catch((error: unknown) => {
    // A test that did not await this has closed it meanwhile: that is told by itself.
    if (isLocalhostForwardError(error) && error.code === 'LHF_ERR_CLOSED') return [];
    throw error;
  });
  return outcome(false, [expectation, `  ${counted}`, ...hint]);
}

/** Why nobody came. */
const explainSilence = async (net: LocalhostForward, port: number | undefined): Promise<string[]> => {
  const { sentence, advice, reachable, containerPort } = await net.diagnose(port === undefined ? {} : { port });
  return reachable
    ? [
        `  a container can: ${sentence}`,
        `Try: let a container of this network (net.applyTo(), net.dockerRunArgs) call ${addressOf(net, containerPort)}`,
      ]
    : [`  ${sentence}`, `Try: ${advice}`];
};

/** As a client of the container's takes it: there is no URL for UDP. */
const addressOf = (net: LocalhostForward, containerPort: number): string =>
  net.ports.some((one) => one.protocol === 'tcp' && one.containerPort === containerPort)
    ? net.url(containerPort)
    : `${net.hostname}:${containerPort} by UDP`;

/** Looks among what the forward's own listener was asked, and leaves it there for `nextRequest()`. */
async function toHaveReceivedRequest(
  this: unknown,
  received: unknown,
  { withinMs = 0, ...match }: ReceivedOptions = {},
): Promise<Outcome> {
  const net = readForward(received, 'toHaveReceivedRequest');
  if (Object.hasOwn(match, 'timeoutMs')) throw waitsWithin();
  try {
    const explains = !isNegated(this);
    const { method, url } = await receiveRequest(net, { ...match, timeoutMs: withinMs }, { explains });
    return outcome(true, [
      `Expected ${net.networkName} not to have received such a request`,
      `  came: ${method} ${url}`,
    ]);
  } catch (error) {
    if (!isLocalhostForwardError(error) || error.code !== 'LHF_ERR_TIMEOUT') throw error;
    return outcome(false, [`Expected ${net.networkName} to have received a request`, error.message]);
  }
}

const waitsWithin = (): LocalhostForwardError =>
  new LocalhostForwardError('LHF_ERR_INVALID_OPTION', {
    what: 'Unknown option `timeoutMs` of toHaveReceivedRequest(). Did you mean `withinMs`?',
  });

/** Asks engine and kernel whether anything of a closed forward is left. */
const toLeaveNoTrace = async (received: unknown): Promise<Outcome> => {
  const net = readForward(received, 'toLeaveNoTrace');
  const traces = await findTraces(net);
  if (traces.length === 0)
    return outcome(true, [`Expected ${net.networkName} to have left something, but nothing is there`]);
  return outcome(false, [
    `Expected ${net.networkName} to leave no trace`,
    ...traces.map((trace) => `  still there: ${trace}`),
    'Try: await net.close(), or localhost-forward sweep',
  ]);
};

/** The matchers, whose expectations are noticed as a runner lets it be done. */
// oxlint-disable-next-line typescript/explicit-function-return-type -- Each matcher has a type of its own.
export const noticedMatchers = (notice: <O, R>(name: string, matcher: Matcher<O, R>) => Matcher<O, R>) => ({
  toBeReachableFromContainer: notice('toBeReachableFromContainer', toBeReachableFromContainer),
  toHaveBeenReached: notice('toHaveBeenReached', toHaveBeenReached),
  toHaveReceivedRequest: notice('toHaveReceivedRequest', toHaveReceivedRequest),
  toLeaveNoTrace: notice('toLeaveNoTrace', toLeaveNoTrace),
});

/** For `expect.extend(matchers)`; the runners' own entries have done it already. */
export const matchers = noticedMatchers(awaited);

const count = (n: number, word: string): string => `${n} ${word}${n === 1 ? '' : 's'}`;

const isNegated = (matcher: unknown): boolean => (matcher as { isNot?: boolean } | undefined)?.isNot === true;

const outcome = (pass: boolean, lines: readonly string[]): Outcome => ({ pass, message: () => lines.join('\n') });

const nameOf = ({ networkName, ports }: LocalhostForward, port: number | undefined): string =>
  `port ${port ?? ports.map(({ containerPort }) => containerPort).join(', ')} of ${networkName}`;

const readForward = (received: unknown, matcher: string): LocalhostForward => {
  const net = received as LocalhostForward | null | undefined;
  if (
    typeof net === 'object' &&
    net !== null &&
    typeof net.verify === 'function' &&
    typeof net.networkName === 'string'
  )
    return net;
  throw new LocalhostForwardError('LHF_ERR_INVALID_OPTION', {
    what: `Expected ${matcher}() to be asked of a forward, got \`${String(received)}\``,
    try: `await expect(net).${matcher}()`,
  });
};
