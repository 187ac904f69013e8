import Docker from 'dockerode';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { requirePlace } from '../support/place.ts';
import { execHere, outputOf } from '../support/run.ts';
import { attacks, comesThrough } from './attacks.ts';
import { openEars, type Ears } from './ears.ts';
import { openForward, openOutsiders, type Outsiders, type Scene } from './scene.ts';

// The same attacks where nft cannot own tables, so that iptables' own table raw guards: attacks.test.ts shows that each comes through the
// plain recipe. In mounts of the engine's alone nft is a program that fails.
requirePlace();
const docker = new Docker();
const nft = '/usr/sbin/nft';
let ears: Ears;
let outsiders: Outsiders;
let scene: Scene | undefined;
let tables: string;

beforeAll(async () => {
  ears = await openEars();
  outsiders = await openOutsiders(docker);
  // Before nft is hidden: a guard that something else left would repel all.
  tables = await outputOf(execHere, [nft, 'list', 'tables']);
  await outputOf(execHere, ['mount', '--bind', '/bin/false', nft]);
  scene = await openForward(docker, outsiders, ears, { strategy: 'iptables' });
});
afterAll(async () => {
  await scene?.[Symbol.asyncDispose]();
  await outputOf(execHere, ['umount', nft]);
  await outsiders?.[Symbol.asyncDispose]();
  await ears?.[Symbol.asyncDispose]();
});

test('table raw guards, and no table of nft does', async () => {
  expect(tables).not.toContain('lhf_');
  const { stdout } = await execHere(['iptables-save', '-t', 'raw']);
  expect(stdout).toMatch(/^-A LHF-\w{5} -d 127\.0\.0\.0\/8 -j DROP$/m);
});

test.each(attacks.map((attack) => [attack.name, attack] as const))('lets nothing through: %s', async (_, attack) => {
  expect(await comesThrough(attack, scene as Scene)).toBe(false);
});
