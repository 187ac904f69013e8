import { expect, test } from 'vitest';
import { namesOf } from '../../../../src/ownership/names.ts';
import type { Session } from '../../../../src/ownership/session.ts';
import type { BridgeRules } from '../../../../src/strategies/netfilter/bridge-rules.ts';
import { NetfilterRoute } from '../../../../src/strategies/netfilter/route.ts';
import type { RoutePlan, Tools } from '../../../../src/strategies/strategy.ts';

/** What a close does, in its order, where removing the network takes its time. */
const closing = async (isHermetic: boolean): Promise<string[]> => {
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
  const rules = { release: async () => void done.push('rules') } as unknown as BridgeRules;
  const route = new NetfilterRoute(plan, rules, { session } as Tools);
  await route.close(async () => {
    await new Promise(setImmediate);
    done.push('network');
  });
  return done;
};

test('the rules of a hermetic network go when the network has, those of others beside it', async () => {
  expect(await closing(true)).toEqual(['network', 'rules']);
  expect(await closing(false)).toEqual(['rules', 'network']);
});
