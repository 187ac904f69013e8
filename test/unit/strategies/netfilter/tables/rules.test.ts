import { probeOn } from '../../../../../src/strategies/netfilter/probe-on.ts';
import { describe, expect, test } from 'vitest';
import {
  elementsOf,
  tableNamesOf,
  tableNamesOfBridge,
  renderChange,
  type TabledBridge,
  type Elements,
} from '../../../../../src/strategies/netfilter/tables/rules.ts';

const tables = tableNamesOf('abcde', 'session');
const bridge = 'lhf-abcde123';
const web = { protocol: 'tcp', containerPort: 80, targetPort: 8088 } as const;
const dns = { protocol: 'udp', containerPort: 53, targetPort: 5353 } as const;
const trial = { ...web, targetPort: 40_000 };

const elements = (rules: Partial<TabledBridge>): Elements =>
  elementsOf(tables, bridge, { ports: [web], probe: undefined, translates: true, ...rules });

test('a bridge tells the tables that it is in', () => {
  expect(tables).toEqual({
    owned: 'lhf_abcde',
    guard: 'lhf_guard_abcde',
    ours: '"lhf-abcde*"',
    mark: 'lhf:abcde:session',
  });
  const { owned, guard } = tableNamesOfBridge(bridge);
  expect({ owned, guard }).toEqual({ owned: tables.owned, guard: tables.guard });
});

describe('what a bridge is in the tables', () => {
  const bare = [
    'add element ip lhf_guard_abcde bridges { "lhf-abcde123" }',
    'add element ip lhf_abcde bridges { "lhf-abcde123" }',
  ];
  const added = (rules: Partial<TabledBridge>): string[] => renderChange(tables, new Map(), elements(rules));

  test('without a port: guarded by both', () => expect(added({ ports: [] })).toEqual(bare));

  test('with a port: counted, translated, and alive', () => {
    expect(added({})).toEqual([
      ...bare,
      'add element ip lhf_abcde traffic { "lhf-abcde123" . tcp . 80 }',
      'add element ip lhf_abcde attempts { "lhf-abcde123" . tcp . 80 }',
      'add element ip lhf_abcde connections { "lhf-abcde123" . tcp . 80 }',
      'add element ip lhf_abcde proofs { "lhf-abcde123" . tcp . 80 }',
      'add element ip lhf_abcde ports { "lhf-abcde123" . tcp . 80 : 127.0.0.1 . 8088 }',
      'add element ip lhf_abcde live { "lhf-abcde123" . tcp . 80 . 8088 }',
    ]);
  });

  test('with a port that iptables translates: counted and alive', () => {
    const usual = [2, 3, 4, 5, 6, 7].map((last) => `"lhf-abcde123" . 198.18.0.${last} . 198.18.0.1`).join(', ');
    expect(added({ translates: false, probe: probeOn('198.18.0.0/28', [trial]) })).toEqual([
      ...bare,
      'add element ip lhf_abcde traffic { "lhf-abcde123" . tcp . 80 }',
      'add element ip lhf_abcde attempts { "lhf-abcde123" . tcp . 80 }',
      'add element ip lhf_abcde connections { "lhf-abcde123" . tcp . 80 }',
      'add element ip lhf_abcde live { "lhf-abcde123" . tcp . 80 . 8088, "lhf-abcde123" . tcp . 80 . 40000 }',
      'add element ip lhf_guard_abcde callers { "lhf-abcde123" . 198.18.0.2-198.18.0.14 }',
      `add element ip lhf_guard_abcde usual { ${usual} }`,
      'add element ip lhf_abcde callers { "lhf-abcde123" . 198.18.0.2-198.18.0.14 }',
      `add element ip lhf_abcde usual { ${usual} }`,
      'add element ip lhf_abcde probes { "lhf-abcde123" . 198.18.0.14 }',
    ]);
  });

  test('with probes that lead elsewhere', () => {
    const more = added({ probe: probeOn('198.18.0.0/28', [trial]) });
    expect(more.filter((line) => /probes|trials|live/.test(line))).toEqual([
      'add element ip lhf_abcde live { "lhf-abcde123" . tcp . 80 . 8088, "lhf-abcde123" . tcp . 80 . 40000 }',
      'add element ip lhf_abcde probes { "lhf-abcde123" . 198.18.0.14 }',
      'add element ip lhf_abcde trials { "lhf-abcde123" . tcp . 80 : 127.0.0.1 . 40000 }',
    ]);
  });
});

describe('a change', () => {
  test('of nothing is nothing', () => expect(renderChange(tables, elements({}), elements({}))).toEqual([]));

  test('takes one command a set, whatever number it is of', () => {
    const both = elements({ ports: [web, dns] });
    expect(renderChange(tables, elements({ ports: [] }), both)).toContain(
      'add element ip lhf_abcde ports { "lhf-abcde123" . tcp . 80 : 127.0.0.1 . 8088, "lhf-abcde123" . udp . 53 : 127.0.0.1 . 5353 }',
    );
    const gone = renderChange(tables, both, new Map());
    expect(gone.every((line) => line.startsWith('delete element '))).toBe(true);
    expect(gone).toContain(
      'delete element ip lhf_abcde ports { "lhf-abcde123" . tcp . 80, "lhf-abcde123" . udp . 53 }',
    );
    expect(new Set(gone.map((line) => line.slice(0, line.indexOf(' {')))).size).toBe(gone.length);
  });

  test('of a target deletes first, by the key alone', () => {
    const change = renderChange(tables, elements({}), elements({ ports: [{ ...web, targetPort: 9099 }] }));
    expect(change).toEqual([
      'delete element ip lhf_abcde ports { "lhf-abcde123" . tcp . 80 }',
      'delete element ip lhf_abcde live { "lhf-abcde123" . tcp . 80 . 8088 }',
      'add element ip lhf_abcde ports { "lhf-abcde123" . tcp . 80 : 127.0.0.1 . 9099 }',
      'add element ip lhf_abcde live { "lhf-abcde123" . tcp . 80 . 9099 }',
    ]);
  });
});
