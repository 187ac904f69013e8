import type Docker from 'dockerode';
import { describe, expect, test } from 'vitest';
import { clearEngine } from '../../../src/leftovers/clear-engine.ts';
import { labels } from '../../../src/ownership/names.ts';

const session = '0035969e-0bef2a7c-1ulajuk-a92-9050-zzzzz';
const other = '0035969e-0bef2a7c-1ulajuk-a92-9050-yyyyy';
const bridge = 'lhf-zzzzz000';
const network = {
  Id: 'n1',
  Name: bridge,
  Options: { 'com.docker.network.bridge.name': bridge },
  Labels: { [labels.session]: session, [labels.bridge]: bridge },
  IPAM: { Config: [{ Subnet: '198.18.0.0/28', Gateway: '198.18.0.1' }] },
};

/** An engine in whose place each look at its networks is told, with those that were removed. */
const pretend = (networksAt: (look: number) => readonly object[]) => {
  let looks = 0;
  const removed: string[] = [];
  const docker = {
    listContainers: async () => [],
    listNetworks: async () =>
      networksAt((looks += 1)).filter((one) => !removed.includes((one as { Name: string }).Name)),
    getNetwork: (id: string) => ({
      inspect: async () => ({ ...network, Containers: {} }),
      remove: async () => void removed.push(id),
    }),
  } as unknown as Docker;
  return { tools: { engine: { docker }, privileges: undefined }, removed, looks: () => looks };
};

const dead = (made: readonly string[]) => ({ session, nonce: 'zzzzz', bridges: [bridge], made });

describe('what the engine keeps of a dead session', () => {
  test('is not waited for where its bridge was there and is gone: somebody else removed it', async () => {
    const engine = pretend(() => []);
    expect(await clearEngine(dead([bridge]), engine.tools)).toEqual([]);
    expect(engine.looks()).toBe(2);
  });

  test('is not over while a helper container may still come, which goes by its name', async () => {
    const helper = { Id: 'c1', Names: ['/lhf-rights-yyyyy000'], State: 'created', Labels: { [labels.session]: other } };
    const removed: string[] = [];
    let looks = 0;
    const docker = {
      // Asked for those of the dead session, it knows none: this one is of another session of that process.
      listContainers: async ({ filters }: { filters: { label: string[] } }) =>
        filters.label.includes(labels.session) && (looks += 1) >= 3 && removed.length === 0 ? [helper] : [],
      listNetworks: async () => [],
      getContainer: (id: string) => ({ remove: async () => void removed.push(id) }),
    } as unknown as Docker;
    const died = { ...dead([bridge]), helpers: ['lhf-rights-yyyyy000'] };
    expect(await clearEngine(died, { engine: { docker }, privileges: undefined })).toEqual([]);
    expect(removed).toEqual(['c1']);
  });

  test('is waited for where it was still to be made', async () => {
    const engine = pretend((look) => (look < 4 ? [] : [network]));
    expect(await clearEngine(dead([]), engine.tools)).toEqual([]);
    expect(engine.removed).toEqual([bridge]);
  });
});
