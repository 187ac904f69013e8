import Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { requirePlace } from '../support/place.ts';
import { until } from '../support/until.ts';
import { attacks, comesThrough, type Attack } from './attacks.ts';
import { openEars, type Ears } from './ears.ts';
import { openForward, openOutsiders, openPlainRecipe, type Outsiders, type Scene } from './scene.ts';

// Kernel parameters of a whole network namespace are set for it.
requirePlace();
const docker = new Docker();
let ears: Ears;
let outsiders: Outsiders;

beforeAll(async () => {
  ears = await openEars();
  outsiders = await openOutsiders(docker);
});
afterAll(async () => {
  await outsiders?.[Symbol.asyncDispose]();
  await ears?.[Symbol.asyncDispose]();
});

/** One scene for all attacks on it. */
const during = (open: () => Promise<Scene>): (() => Scene) => {
  let scene: Scene | undefined;
  beforeAll(async () => void (scene = await open()));
  afterAll(() => scene?.[Symbol.asyncDispose]());
  return () => scene as Scene;
};

/** A reporter cuts `$name`. */
const named = (some: readonly Attack[]): [string, Attack][] => some.map((attack) => [attack.name, attack]);

// Without this none of the silences below would say anything.
describe('the recipe that is told everywhere lets through', () => {
  const scene = during(() => openPlainRecipe(docker, outsiders, ears));
  test.each(named(attacks))('%s', async (_, attack) => expect(await comesThrough(attack, scene())).toBe(true));
});

/** What a strategy without rights cannot stop, as SECURITY.md says: it comes through here, too, where rp_filter is off. */
const notStopped: Readonly<Record<string, readonly string[]>> = {
  relay: [
    'a container: UDP to a service on all addresses as a machine of the LAN',
    'a container: UDP to everybody here, as a machine of the LAN',
    'a container: UDP to everybody on the network, as a machine of the LAN',
    'a container of the default network: the forwarded UDP port as a container of the network',
    'a machine of the LAN: the forwarded UDP port as a container of the network',
  ],
  sidecar: [
    'a container: UDP to a service on all addresses as a machine of the LAN',
    'a container: UDP to everybody here, as a machine of the LAN',
    'a container: UDP to everybody on the network, as a machine of the LAN',
    'a machine of the LAN: the forwarded UDP port as a container of the network',
  ],
};

describe.each(['nftables', 'iptables', 'relay', 'sidecar'] as const)('%s', (strategy) => {
  const scene = during(() => openForward(docker, outsiders, ears, { strategy }));
  const isCarried = strategy === 'relay' || strategy === 'sidecar';
  const tried = attacks.filter(({ connects }) => !(isCarried && connects === true));
  const isStopped = ({ name }: Attack): boolean => notStopped[strategy]?.includes(name) !== true;

  describe('lets nothing through', () => {
    test.each(named(tried.filter(isStopped)))('%s', async (_, attack) =>
      expect(await comesThrough(attack, scene())).toBe(false),
    );
  });
  test.each(named(tried.filter((attack) => !isStopped(attack))))('does not stop %s', async (_, attack) => {
    // What a thread carries takes its time.
    await until(() => comesThrough(attack, scene()), { what: attack.name });
  });
  test('at least 25 are stopped', () => expect(tried.filter(isStopped).length).toBeGreaterThanOrEqual(25));
});
