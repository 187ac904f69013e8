import { inspect } from 'node:util';
import { joinLocalhostForward, LocalhostForwardError, openLocalhostForward } from '../../src/index.ts';
import type { ForwardHandover, LocalhostForward, LocalhostForwardOptions, Ports } from '../../src/index.ts';
import { jestGlobal } from './globals.ts';
import { handoverVariable } from './handover.ts';

/** Longer than opening or closing may take, an image that is pulled for it included, so that the error is the one that tells why, in milliseconds. */
const hookTimeoutMs = 400_000;

/**
 * Opens a forward before the tests of this file, or of this `describe` block, and closes it after them.
 *
 * @param ports - Service ports, or a function that tells them once the `beforeAll()` hooks above it have run: real servers listen on 0.
 * @throws LHF_ERR_INVALID_OPTION outside of a test file of Jest. What opening throws fails the tests.
 * @returns The forward, to be used in tests and hooks: it is not open while the file is read.
 *
 * @example
 * const net = useLocalhostForward(8088);
 * test('containers reach the service', () => console.log(net.url(), net.networkName));
 *
 * @example
 * beforeAll((done) => void server.listen(0, '127.0.0.1', done));
 * const net = useLocalhostForward(() => server.address().port);
 */
export const useLocalhostForward = (
  ports: Ports | (() => Ports | Promise<Ports>),
  options?: LocalhostForwardOptions,
): LocalhostForward => {
  const [beforeAll, afterAll] = [jestGlobal('beforeAll'), jestGlobal('afterAll')];
  if (beforeAll === undefined || afterAll === undefined) throw noHooks();
  let net: LocalhostForward | undefined;
  let opening: Promise<LocalhostForward> | undefined;
  let isOver = false;
  const open = async (): Promise<void> => {
    const asked = typeof ports === 'function' ? await ports() : ports;
    if (isOver) return;
    opening = openLocalhostForward(asked, options);
    net = await opening;
  };
  // Also what came after somebody has stopped waiting for it; and nothing comes later.
  const close = async (): Promise<void> => {
    isOver = true;
    await (await opening?.catch(() => undefined))?.close();
  };
  beforeAll(open, hookTimeoutMs);
  afterAll(close, hookTimeoutMs);
  return standFor(() => net);
};

/**
 * The forward that the global set-up opened. Its ports are fixed, and it is closed by the global tear-down, not by tests.
 *
 * @param options - `docker` as it was given to the set-up.
 * @throws LHF_ERR_INVALID_OPTION where no global set-up opened one.
 *
 * @example
 * const net = forwardAddress();
 * test('containers reach the service', () => console.log(net.url(), net.networkName));
 */
export const forwardAddress = (options?: Pick<LocalhostForwardOptions, 'docker'>): LocalhostForward => {
  const handover = process.env[handoverVariable];
  if (handover !== undefined) return joinLocalhostForward(JSON.parse(handover) as ForwardHandover, options);
  throw new LocalhostForwardError('LHF_ERR_INVALID_OPTION', {
    what: 'forwardAddress() found no forward: no global set-up opened one',
    try: `"preset": "localhost-forward/jest" in Jest's configuration, or globalSetup of localhost-forward/jest/global`,
  });
};

/** Passes everything on to the forward, methods with the forward as their `this`; whatever else is asked of it is the forward's to answer. */
const standFor = (find: () => LocalhostForward | undefined): LocalhostForward => {
  // inspect() looks at the target itself.
  const show = () => find() ?? 'LocalhostForward, not open yet';
  const target = Object.defineProperty({} as LocalhostForward, inspect.custom, { value: show, configurable: true });
  return new Proxy(target, {
    get: (_target, name) => {
      const net = find();
      // Whoever prints it or asks whether it is a promise may do so at any time.
      if (net === undefined && (typeof name === 'symbol' || name === 'then' || name === 'toJSON')) return undefined;
      if (net === undefined) throw notOpenYet(String(name));
      const value: unknown = Reflect.get(net, name, net);
      return typeof value === 'function' ? (value.bind(net) as unknown) : value;
    },
    has: (_target, name) => Reflect.has(find() ?? target, name),
    ownKeys: () => Reflect.ownKeys(find() ?? target),
    // A property that the target does not have must be told as one that may change.
    getOwnPropertyDescriptor: (_target, name) => {
      const found = Reflect.getOwnPropertyDescriptor(find() ?? target, name);
      return found && { ...found, configurable: true };
    },
    getPrototypeOf: () => Reflect.getPrototypeOf(find() ?? target),
  });
};

const notOpenYet = (name: string): LocalhostForwardError =>
  new LocalhostForwardError('LHF_ERR_CLOSED', {
    what: `${name} was asked of useLocalhostForward() before the file's tests began: the forward is opened in beforeAll()`,
    try: 'ask within test(), or in a beforeAll() of your own after it',
  });

const noHooks = (): LocalhostForwardError =>
  new LocalhostForwardError('LHF_ERR_INVALID_OPTION', {
    what: 'useLocalhostForward() found no beforeAll() and afterAll(): this is no test file of Jest',
    try: 'openLocalhostForward(ports) in a beforeAll() of your own',
  });
