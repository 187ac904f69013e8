import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { namesOf } from '../../src/plan/names.ts';
import * as iptables from '../../src/strategies/iptables/rules.ts';
import { iptablesFunctions } from '../../src/strategies/iptables/program.ts';
import { renderGuard, renderOwnedGuard } from '../../src/strategies/guard/rules.ts';
import * as nftables from '../../src/strategies/nftables/rules.ts';
import type { RulesPlan } from '../../src/strategies/strategy.ts';
import { execHere } from '../support/run.ts';

// Whole rulesets, as the kernel lists them in a network namespace of their own. A change of a rule shows here, whole.
const plan: RulesPlan = {
  names: namesOf('golden01'),
  session: '00000000-00000000-1-1-1-golde',
  ports: [
    { protocol: 'tcp', containerPort: 80, targetPort: 8088 },
    { protocol: 'tcp', containerPort: 8088, targetPort: 8088 },
    { protocol: 'udp', containerPort: 53, targetPort: 5353 },
  ],
};

const inNamespace = async (script: string): Promise<string> => {
  const { stdout, stderr, exitCode } = await execHere(['unshare', '--net', 'sh', '-c', script]);
  expect(exitCode, stderr).toBe(0);
  return (
    stdout
      .replaceAll(/^#.*\n/gm, '')
      .replaceAll(/ # progname .*/g, '')
      .replaceAll(/^(:\S+ \S+) \[\d+:\d+\]$/gm, '$1')
      // The kernel lists a set in the order of its hash table, whose seed is drawn anew each time.
      .replaceAll(
        /elements = \{([^}]*)\}/g,
        (_, elements: string) =>
          `elements = { ${elements
            .split(',')
            .map((one) => one.trim())
            .toSorted()
            .join(', ')} }`,
      )
  );
};

const golden = (name: string): Promise<string> => readFile(new URL(`${name}.txt`, import.meta.url), 'utf8');

describe('nftables', () => {
  it('lists as in nftables.txt', async () => {
    const commands = [...renderGuard(plan.names, plan.session), ...nftables.renderTable(plan), 'list ruleset'];
    expect(await inNamespace(`HOME=/nonexistent nft -i <<'END'\n${commands.join('\n')}\nEND`)).toBe(
      await golden('nftables'),
    );
  });

  it('lists the guard beside iptables as in guard.txt', async () => {
    const { names, session } = plan;
    const commands = [...renderGuard(names, session), ...renderOwnedGuard(names, session), 'list ruleset'];
    expect(await inNamespace(`HOME=/nonexistent nft -i <<'END'\n${commands.join('\n')}\nEND`)).toBe(
      await golden('guard'),
    );
  });

  it('adds and removes a port without a trace', async () => {
    const port = { protocol: 'udp', containerPort: 161, targetPort: 1161 } as const;
    const changes = [...nftables.renderAddPort(plan.names, port), ...nftables.renderRemovePort(plan.names, port)];
    const commands = [
      ...renderGuard(plan.names, plan.session),
      ...nftables.renderTable(plan),
      ...changes,
      'list ruleset',
    ];
    expect(await inNamespace(`HOME=/nonexistent nft -i <<'END'\n${commands.join('\n')}\nEND`)).toBe(
      await golden('nftables'),
    );
  });
});

describe('iptables', () => {
  const shell = (script: string): string => `SUDO=\n${iptablesFunctions}\n${script}`;
  const apply = (lines: readonly string[]): string => `lhf_apply '${lines.join('\n')}\n' || exit 1`;

  it('lists as in iptables.txt', async () => {
    expect(await inNamespace(shell(`${apply(iptables.renderRestore(plan))}; iptables-save`))).toBe(
      await golden('iptables'),
    );
  });

  it('adds and removes a port without a trace', async () => {
    const port = { protocol: 'udp', containerPort: 161, targetPort: 1161 } as const;
    const script = [
      iptables.renderRestore(plan),
      iptables.renderAddPort(plan.names, port),
      iptables.renderRemovePort(plan.names, port),
    ].map(apply);
    expect(await inNamespace(shell(`${script.join('; ')}; iptables-save`))).toBe(await golden('iptables'));
  });

  it('goes in twice as it goes in once', async () => {
    const removed = `lhf_remove ${plan.names.bridge} nat filter raw`;
    const script = [apply(iptables.renderRestore(plan)), removed, apply(iptables.renderRestore(plan)), 'iptables-save'];
    const saved = await inNamespace(shell(script.join('; ')));
    expect(saved.slice(saved.indexOf('*'))).toBe(await golden('iptables'));
  });

  it('removes its bridge alone and leaves the rest byte for byte, empty tables included', async () => {
    const other = { ...plan, names: namesOf('golden02') };
    const theirs =
      'iptables -t nat -A PREROUTING -p tcp --dport 1 -m comment --comment "not lhf: mine" -j RETURN; iptables -N LHFOREIGN';
    const before = await inNamespace(`${theirs}; nft list ruleset`);
    const script = [
      theirs,
      apply(iptables.renderRestore(plan)),
      apply(iptables.renderRestore(other)),
      `lhf_remove ${plan.names.bridge} nat filter raw > /dev/null`,
    ];
    const between = await inNamespace(shell(`${script.join('; ')}; iptables-save`));
    expect(between).not.toContain(plan.names.bridge);
    expect(between).toContain(`-j ${other.names.chain}`);
    const after = await inNamespace(
      shell(`${script.join('; ')}; lhf_remove ${other.names.bridge} nat filter raw > /dev/null; nft list ruleset`),
    );
    expect(after).toBe(before);
  });

  it('leaves nothing where there was nothing', async () => {
    const script = [apply(iptables.renderRestore(plan)), `lhf_remove lhf-golde nat filter raw`, 'nft list ruleset'];
    expect(await inNamespace(shell(script.join('; ')))).toBe(`${plan.names.bridge}\n`);
  });

  it('prints the bridges that it freed, and nothing for none', async () => {
    expect(await inNamespace(shell('lhf_remove lhf-golde nat filter raw'))).toBe('');
  });
});
