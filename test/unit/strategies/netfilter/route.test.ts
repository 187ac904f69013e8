import { expect, test } from 'vitest';
import { namesOf } from '../../../../src/ownership/names.ts';
import type { Session } from '../../../../src/ownership/session.ts';
import type { BridgeRules } from '../../../../src/strategies/netfilter/bridge-rules.ts';
import { NetfilterRoute } from '../../../../src/strategies/netfilter/route.ts';
import type { RoutePlan, Tools } from '../../../../src/strategies/strategy.ts';

interface Where {
  readonly isHermetic?: boolean;
  readonly bridgeStands?: 'always' | 'while used';
  readonly failure?: Error;
}

/** What a close does, in its order, where removing the network takes its time, or fails. */
const closing = async ({ isHermetic = false, bridgeStands = 'always', failure }: Where): Promise<string[]> => {
  const done: string[] = [];
  const plan: RoutePlan = {
    // There is no such bridge, so that none is open.
    names: namesOf('nobody00'),
    ports: [],
    subnet: '198.18.0.0/28',
    trials: [],
    hostnames: [],
    isHermetic,
    onSent: () => undefined,
  };
  const session = { owner: { nonce: 'nobod' }, word: 's', shared: new Map() } as unknown as Session;
  const rules = {
    release: async () => void done.push('rules'),
    letGo: () => void done.push('holder'),
  } as unknown as BridgeRules;
  const route = new NetfilterRoute(plan, rules, { session, engine: { facts: { bridgeStands } } } as Tools);
  const removeNetwork = async (): Promise<void> => {
    await new Promise(setImmediate);
    if (failure !== undefined) throw failure;
    done.push('network');
  };
  await route.close(removeNetwork).catch((error: unknown) => done.push(String(error)));
  return done;
};

test('the rules of a hermetic network go when the network has, those of others beside it', async () => {
  expect(await closing({ isHermetic: true })).toEqual(['network', 'rules', 'holder']);
  expect(await closing({})).toEqual(['rules', 'network', 'holder']);
});

test('rules by which a guardian finds the network stay until that has gone, where its bridge tells nothing of it', async () => {
  expect(await closing({ bridgeStands: 'while used' })).toEqual(['network', 'rules', 'holder']);
});

test('who has a guardian see to a network that cannot be removed is not let go', async () => {
  expect(await closing({ failure: new Error('busy') })).toEqual(['rules', 'Error: busy']);
});
