import picocolors from 'picocolors';
import type { Hop } from '../../../src/diagnosis.ts';
import type { SmokeFailure, SmokeRun, SmokeStep } from '../../../src/smoke/report.ts';

const words = ['container', 'bridge', 'rule', 'input', 'service', 'reply', 'output'] as const;

/** A way that ends at the host's firewall. */
export const hops: readonly Hop[] = words.map((name, n) => ({
  name,
  ok: n < 3 ? true : n === 3 ? false : undefined,
  detail: `seen at ${name}`,
}));

export const failure: SmokeFailure = {
  code: 'LHF_ERR_UNREACHABLE',
  message: '8088 is dropped, 100% of it',
  evidence: ['✗ input  drop', 'the rule: <none> & "more"'],
  try: "sudo iptables -I INPUT -j 'ACCEPT'",
  diagnosis: {
    reachable: false,
    finding: 'firewall-input',
    sentence: '8088 is dropped, 100% of it',
    hops,
    advice: 'sudo iptables',
    containerPort: 8088,
  },
};

export const step = (name: string, ok = true, ms = 12.34): SmokeStep => ({ name, ok, ms, detail: `detail of ${name}` });

export const run = (more: Partial<SmokeRun> = {}): SmokeRun => ({
  ok: true,
  strategy: 'nftables',
  privilege: 'root',
  engine: { name: 'Docker', version: '28.0' },
  steps: [step('network'), step('request')],
  leftovers: [],
  ...more,
});

export const failedRun = run({ ok: false, steps: [step('network'), step('request', false, 1500)], failure });

/** Where lines may be so wide, without or with colours. */
export const terminal = (columns?: number, colored = false) => ({
  colors: picocolors.createColors(colored),
  width: () => columns,
});
