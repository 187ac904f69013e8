import Docker from 'dockerode';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openLocalhostForward } from '../../src/index.ts';
import { tableNamesOfBridge } from '../../src/strategies/netfilter/tables/rules.ts';
import { startUserContainer } from './container.ts';
import { startEngine, stopEngine } from '../support/engine-daemon.ts';
import { requirePlace } from '../support/place.ts';
import { execHere, outputOf } from '../support/run.ts';
import { listenTcp } from '../support/services.ts';
import { until } from '../support/until.ts';

// All of this is done to a firewall: never to the host's own.
const place = requirePlace();

const listing = async (): Promise<string> =>
  `${await outputOf(execHere, ['nft', 'list', 'ruleset'])}${await outputOf(execHere, ['iptables-save'])}`;

describe('rules that somebody takes away while a forward is open', () => {
  test.each([
    ['its table flushed', ['iptables', '-t', 'nat', '-F']],
    [
      'our own chain flushed',
      ['sh', '-c', 'iptables -t nat -F "$(iptables-save -t nat | grep -o "LHF-lhf-[0-9a-z]*" | head -n 1)"'],
    ],
  ])('iptables, %s: they come back by themselves, once, with a warning', async (_what, flush) => {
    const warnings: Error[] = [];
    const note = (warning: Error): void => void warnings.push(warning);
    process.on('warning', note);
    onTestFinished(() => void process.off('warning', note));
    await using net = await openLocalhostForward(8088, { strategy: 'iptables', verify: false });
    const ours = async (): Promise<string> => ownRulesOf(await outputOf(execHere, ['iptables-save']), net.bridgeName);
    const whole = await ours();
    await outputOf(execHere, flush);
    const isBack = async (): Promise<boolean> => (await ours()) === whole;
    await until(isBack, { timeoutMs: 40_000, what: 'the rules' });
    const isWarning = ({ message }: Error): boolean => message.includes(`${net.bridgeName} away; they are back`);
    await until(() => warnings.some(isWarning), { what: 'the warning' });
    await net.close();
    expect(warnings.filter(isWarning)).toHaveLength(1);
    // Docker's own rules of the table are not ours to put back.
    expect(await listing()).not.toContain(net.bridgeName);
  });

  test('nftables, everything flushed: the forward goes on behind its own guard, and the next proof puts the other one back', async () => {
    const before = await outputOf(execHere, ['nft', 'list', 'ruleset']);
    await using net = await openLocalhostForward(8088, { strategy: 'nftables', verify: false });
    const { owned: table, guard } = tableNamesOfBridge(net.bridgeName);
    await outputOf(execHere, ['nft', 'delete', 'table', 'ip', guard]);
    const owned = await outputOf(execHere, ['nft', 'list', 'table', 'ip', table]);
    expect(owned).toMatch(/ip daddr 127\.0\.0\.0\/8 .*drop/);
    expect(owned).toMatch(/ip saddr 127\.0\.0\.0\/8 .*drop/);
    await net.verify().catch(() => undefined);
    expect(await listing()).toContain(`table ip ${guard} `);
    await net.close();
    expect(await outputOf(execHere, ['nft', 'list', 'ruleset'])).toBe(before);
  });
});

test.each(['nftables', 'iptables'] as const)(
  '%s: an engine restart in between leaves the forward working',
  async (strategy) => {
    const docker = new Docker();
    await using service = await listenTcp();
    const net = await openLocalhostForward(service.port, { strategy, verify: false });
    await stopEngine(place);
    await startEngine(place);
    const script = `for n in $(seq 100); do exec 3<>/dev/tcp/${net.hostname}/${service.port} && break; sleep 0.1; done`;
    const container = await startUserContainer(docker, {
      network: net.networkName,
      name: `after-${net.id}`,
      hosts: net.extraHosts,
      script,
    });
    await container.wait();
    await container.remove();
    expect(service.callers.length).toBeGreaterThan(0);
    await net.close();
    expect(await listing()).not.toContain(net.bridgeName);
  },
);

const ownRulesOf = (saved: string, bridge: string): string =>
  saved
    .split('\n')
    .filter((line) => line.includes(`LHF-${bridge}`))
    .map((line) => line.replace(/\[\d+:\d+\]/, ''))
    .join('\n');
