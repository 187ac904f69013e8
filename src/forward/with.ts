import { LocalhostForwardError } from '../errors.ts';
import { openLocalhostForward } from './open.ts';
import type { LocalhostForward, LocalhostForwardOptions, Ports } from '../types.ts';

type Body<T> = (net: LocalhostForward) => T | Promise<T>;

/**
 * Opens a forward, runs the body with it, and removes everything, whatever the body did.
 *
 * @returns What the body returns.
 * @throws What the body throws, first of all; if closing fails as well, that error is in its `suppressed` list.
 *
 * @example
 * await withLocalhostForward(8088, async (net) => {
 *   console.log('containers on', net.networkName, 'call', net.url());
 * });
 */
export function withLocalhostForward<T>(ports: Ports, body: Body<T>): Promise<T>;
export function withLocalhostForward<T>(ports: Ports, options: LocalhostForwardOptions, body: Body<T>): Promise<T>;
export async function withLocalhostForward<T>(
  ports: Ports,
  ...rest: [Body<T>] | [LocalhostForwardOptions, Body<T>]
): Promise<T> {
  const [options, body] = rest.length === 1 ? [{}, rest[0]] : rest;
  assertBody(body);
  const net = await openLocalhostForward(ports, options);
  let result: T;
  try {
    result = await body(net);
  } catch (error) {
    await net.close().catch((failure: unknown) => attach(error, failure));
    throw error;
  }
  await net.close();
  return result;
}

const assertBody = (body: unknown): void => {
  if (typeof body === 'function') return;
  throw new LocalhostForwardError('LHF_ERR_INVALID_OPTION', {
    what: `Expected \`body\` to be a function, got \`${String(body)}\``,
    try: 'withLocalhostForward(8088, async (net) => { … })',
  });
};

// The body's own error wins and stays what it is; the other one is told beside it.
const attach = (error: unknown, failure: unknown): void => {
  if (typeof error !== 'object' || error === null || !Object.isExtensible(error)) return;
  Object.defineProperty(error, 'suppressed', { value: [failure], configurable: true, enumerable: false });
};
