import {
  joinLocalhostForward,
  LocalhostForwardError,
  openLocalhostForward,
  type LocalhostForward,
  type LocalhostForwardOptions,
  type Ports,
} from '../../src/index.ts';
import { readHandover } from './handover.ts';

interface Hooks {
  beforeAll?: (work: () => Promise<void>, timeoutMs: number) => void;
  afterAll?: (work: () => Promise<void>, timeoutMs: number) => void;
}

/** Longer than any set-up that works, in milliseconds: the forward's own deadlines tell more than the runner's. */
const hookTimeoutMs = 60_000;

/**
 * A forward for the tests of one file (or one `describe`), opened before them and closed after.
 *
 * @returns The forward; touching it before the tests run throws.
 *
 * @example
 * const net = useLocalhostForward(8088);
 * test('the proxy reaches us', async () => { await start(net.dockerRunArgs); });
 */
export const useLocalhostForward = (ports: Ports, options: LocalhostForwardOptions = {}): LocalhostForward => {
  const { beforeAll, afterAll } = globalThis as Hooks;
  if (beforeAll === undefined || afterAll === undefined) {
    throw new LocalhostForwardError('LHF_ERR_INVALID_OPTION', {
      what: 'useLocalhostForward() was called outside a Jest test file',
      try: 'openLocalhostForward()',
    });
  }
  let net: LocalhostForward | undefined;
  beforeAll(async () => {
    net = await openLocalhostForward(ports, options);
  }, hookTimeoutMs);
  afterAll(async () => net?.close(), hookTimeoutMs);
  return new Proxy({} as LocalhostForward, {
    get: (_, key) => {
      // Asked by whoever prints or awaits the stand-in itself.
      if (net === undefined && (typeof key === 'symbol' || key === 'then')) return undefined;
      if (net === undefined)
        throw new LocalhostForwardError('LHF_ERR_CLOSED', {
          what: `net.${String(key)} was read before the forward was open`,
          try: 'read it inside a test',
        });
      const value: unknown = Reflect.get(net, key, net);
      return typeof value === 'function' ? (value.bind(net) as unknown) : value;
    },
  });
};

/**
 * The forward that the preset or `globalSetup` opened, in a test.
 *
 * @throws LHF_ERR_INVALID_OPTION where no global set-up opened one.
 */
export const forwardAddress = (options: { docker?: object } = {}): LocalhostForward => {
  const handover = readHandover();
  if (handover === undefined) {
    throw new LocalhostForwardError('LHF_ERR_INVALID_OPTION', {
      what: 'forwardAddress() found no forward: no global set-up of this run opened one',
      try: '"preset": "localhost-forward/jest" in the Jest config, or its globalSetup and globalTeardown',
    });
  }
  return joinLocalhostForward(handover, options);
};
