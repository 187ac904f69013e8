import { describe, expect, test } from 'vitest';
import {
  addingPort,
  changed,
  differing,
  knowingProbes,
  puttingIn,
} from '../../../../src/strategies/netfilter/bridge-changes.ts';
import type { PortRule, TabledBridge } from '../../../../src/strategies/netfilter/tables/rules.ts';
import { elementsOf, renderChange, tableNamesOf } from '../../../../src/strategies/netfilter/tables/rules.ts';

const bridge = 'lhf-abcde123';
const portOf = (containerPort: number, targetPort = containerPort): PortRule => ({
  protocol: 'tcp',
  containerPort,
  targetPort,
});
const network = { callers: '198.18.0.0/28', usual: [], subnet: '198.18.0.0/28', gateway: '198.18.0.1' };
const probe = { address: '198.18.0.14', ...network, trials: [] };
const content = (ports: readonly PortRule[]): TabledBridge => ({ ports, probe, translates: true });
const state = (ports: readonly PortRule[]) => changed(new Map(), [puttingIn(bridge, content(ports))]);

describe('what differs between two states of a bridge', () => {
  const many = Array.from({ length: 5_000 }, (_, n) => portOf(n + 1));

  test('is one port of five thousand where one came', () => {
    const before = state(many);
    const [had, has] = differing(before, changed(before, [addingPort(bridge, portOf(9_999))]));
    expect(had.get(bridge)?.ports).toEqual([]);
    expect(has.get(bridge)?.ports).toEqual([portOf(9_999)]);
  });

  test('is a port that leads elsewhere, both ways', () => {
    const before = state(many);
    const [had, has] = differing(before, changed(before, [addingPort(bridge, portOf(7, 70))]));
    expect([had, has].map((one) => one.get(bridge)?.ports)).toEqual([[portOf(7)], [portOf(7, 70)]]);
  });

  test('comes to the same commands as the whole, also where trials come and go', () => {
    const names = tableNamesOf('abcde', 'session');
    const elements = (of: ReadonlyMap<string, TabledBridge>) =>
      new Map([...of].flatMap(([name, rules]) => [...elementsOf(names, name, rules)]));
    const steps = [
      addingPort<TabledBridge>(bridge, portOf(8)),
      // The trial leads where another port of it led, and back.
      knowingProbes<TabledBridge>(bridge, { ...probe, trials: [portOf(2, 20), portOf(3, 3)] }),
      addingPort<TabledBridge>(bridge, portOf(2, 20)),
      knowingProbes<TabledBridge>(bridge, probe),
    ];
    let now: ReadonlyMap<string, TabledBridge> = state([1, 2, 3].map((port) => portOf(port)));
    for (const step of steps) {
      const after = changed(now, [step]);
      const [had, has] = differing(now, after);
      expect(renderChange(names, elements(had), elements(has))).toEqual(
        renderChange(names, elements(now), elements(after)),
      );
      now = after;
    }
  });
});
