import { expect, it } from 'vitest';
import type { Session } from '../../../../../src/ownership/session.ts';
import type { Privileges } from '../../../../../src/privilege/privileges.ts';
import { Accepts } from '../../../../../src/strategies/netfilter/firewalls/accepts.ts';
import type { Tools } from '../../../../../src/strategies/strategy.ts';

/** A firewall of one native chain, and one of iptables, as far as accepts use them. */
const openFirewall = () => {
  const asked: string[] = [];
  let rules: string[] = [];
  let iptables = 0;
  const answer = (exitCode: number, stdout = '') => ({ command: '', stdout, stderr: '', exitCode, failure: undefined });
  const run = async (argv: readonly string[]) => {
    asked.push(argv.join(' '));
    if (argv[0] === 'iptables') {
      if (argv.includes('-I')) iptables += 1;
      else if (iptables === 0) return answer(1);
      else if (argv.includes('-D')) iptables -= 1;
      return answer(0);
    }
    if (argv[1] === 'insert') rules.push(argv.at(-1) ?? '');
    if (argv[1] === 'delete') rules = rules.filter((_, n) => String(n + 1) !== argv.at(-1));
    return answer(0, rules.map((rule, n) => `\t\t${rule} # handle ${n + 1}`).join('\n'));
  };
  const privileges = { run } as unknown as Privileges;
  const session = { owner: { nonce: 'abcde' }, word: 's', shared: new Map() } as unknown as Session;
  const tools = { session, privileges } as Tools;
  return {
    asked,
    rules: () => rules,
    iptables: () => iptables,
    flush: () => ((rules = []), (iptables = 0)),
    accepts: (bridge: string) => new Accepts(bridge, tools),
  };
};

const native = { family: 'inet', table: 'fw', chain: 'mine', baseChain: 'in', rule: 'drop' };

it('is one for all forwards of a process, until the last that needs it', async () => {
  const firewall = openFirewall();
  const [one, two] = ['lhf-abcde001', 'lhf-abcde002'].map((bridge) => firewall.accepts(bridge));
  await Promise.all([one?.passDrop(native), two?.passDrop(native)]);
  expect(firewall.rules()).toEqual([
    'iifname "lhf-abcde*" ip daddr 127.0.0.0/8 ct status dnat accept comment "lhf:abcde:s"',
  ]);
  expect(firewall.asked[0]).toMatch(/^nft insert rule inet fw in /);
  await one?.remove();
  expect(firewall.rules()).toHaveLength(1);
  await two?.remove();
  expect(firewall.rules()).toEqual([]);
});

it('is put in again where a firewall was loaded anew', async () => {
  const firewall = openFirewall();
  const accepts = firewall.accepts('lhf-abcde001');
  for (const drop of [native, undefined]) {
    await accepts.passDrop(drop);
    firewall.flush();
    await accepts.passDrop(drop);
  }
  expect([firewall.rules().length, firewall.iptables()]).toEqual([0, 1]);
  await accepts.passDrop(native);
  expect(firewall.rules()).toHaveLength(1);
});

it('goes though somebody flushed it, and never reads more than the chain', async () => {
  const firewall = openFirewall();
  const accepts = firewall.accepts('lhf-abcde001');
  await accepts.passDrop(native);
  await accepts.passDrop(undefined);
  firewall.flush();
  await accepts.remove();
  await accepts.remove();
  expect(firewall.asked.filter((line) => /ruleset|-save/.test(line))).toEqual([]);
});

it('that was never needed is not looked for', async () => {
  const firewall = openFirewall();
  await firewall.accepts('lhf-abcde001').remove();
  expect(firewall.asked).toEqual([]);
});
