import { describe, expect, test } from 'vitest';
import { choosePrivilege } from '../../../src/choose/choose-privilege.ts';
import { chooseStrategy, mayNeedRights } from '../../../src/choose/choose-strategy.ts';
import { ladderOf, lookBy } from '../../../src/privilege/ladder.ts';
import { strategyNames } from '../../../src/types.ts';
import { machineWith } from '../support/machine.ts';
import { refusalOf } from '../support/refusal.ts';

type Different = NonNullable<Parameters<typeof machineWith>[0]>;
type Wanted = Partial<Parameters<typeof chooseStrategy>[1]>;

const choose = (different: Different, wanted: Wanted) =>
  chooseStrategy(machineWith(different), { strategy: 'auto', privilege: 'auto', ...wanted });
const someone = { uid: 1000, netAdmin: false };
const bare = { nft: undefined, iptables: undefined };
// Leaves those out that need nobody.
const byRights = { privilege: 'root' } as const;
const byRules = { strategy: 'nftables' } as const;
const legacy = { version: '1.8.7', variant: 'legacy' } as const;
const lent = { image: 'tools', nft: { version: '1.0.6' }, iptables: legacy };
const lentNothing = { image: 'tools', nft: undefined, iptables: undefined, trouble: 'No such image: tools' };
const noPrograms = "this host's own nft and iptables are missing";

const desktop = { vm: 'Docker Desktop', reachesLoopbackBy: 'host-gateway' } as const;

describe('what is chosen', () => {
  test.each<[string, Different, Wanted, string, string, string]>([
    ['root', {}, {}, 'nftables', 'root', 'nft 1.0.6 on kernel 6.1.0'],
    ['sudo', { host: { ...someone, sudo: true } }, {}, 'nftables', 'sudo', 'nft 1.0.6'],
    ['root goes before sudo', { host: { sudo: true } }, {}, 'nftables', 'root', 'nft 1.0.6'],
    ['sudo asked for', { host: { sudo: true } }, { privilege: 'sudo' }, 'nftables', 'sudo', 'nft 1.0.6'],
    ['root asked for', {}, { privilege: 'root' }, 'nftables', 'root', 'nft 1.0.6'],
    ['no nft', { host: { nft: undefined } }, {}, 'iptables', 'root', 'iptables 1.8.9 (nf_tables)'],
    ['old nft', { host: { nft: { version: '0.9.8' } } }, {}, 'iptables', 'root', 'iptables 1.8.9'],
    ['least nft', { host: { nft: { version: '0.9.9' } } }, {}, 'nftables', 'root', 'nft 0.9.9'],
    ['nft of two digits', { host: { nft: { version: '0.9.10' } } }, {}, 'nftables', 'root', 'nft 0.9.10'],
    ['nft of two parts', { host: { nft: { version: '1.1' } } }, {}, 'nftables', 'root', 'nft 1.1'],
    ['old kernel', { host: { kernel: '5.10.0', iptables: legacy } }, {}, 'iptables', 'root', 'iptables 1.8.7 (legacy)'],
    ['kernel of one digit', { host: { kernel: '5.4.0' } }, {}, 'iptables', 'root', 'iptables 1.8.9'],
    ['least kernel', { host: { kernel: '5.12' } }, {}, 'nftables', 'root', 'nft 1.0.6 on kernel 5.12'],
    ['no iptables', { host: { iptables: undefined } }, {}, 'nftables', 'root', 'nft 1.0.6'],
    ['nftables asked for', {}, { strategy: 'nftables' }, 'nftables', 'root', 'asked for; nft 1.0.6'],
    ['iptables asked for', {}, { strategy: 'iptables' }, 'iptables', 'root', 'asked for; iptables 1.8.9'],
    ['nobody’s rights', { host: someone }, { privilege: 'none' }, 'relay', 'none', 'this process carries the bytes'],
    ['the engine’s rights', { host: someone }, {}, 'nftables', 'container', 'nft 1.0.6'],
    ['the engine’s rights, by iptables', { host: { ...someone, nft: undefined } }, {}, 'iptables', 'container', 'ipt'],
    ['a container asked for', {}, { privilege: 'container' }, 'nftables', 'container', 'nft 1.0.6'],
    ['root without the capability', { host: { netAdmin: false } }, {}, 'nftables', 'container', 'nft 1.0.6'],
    ['its sudo lacks it too', { host: { netAdmin: false, sudo: true } }, {}, 'nftables', 'container', 'nft 1.0.6'],
    ['a user’s own capability', { host: { uid: 1000, sudo: true } }, {}, 'nftables', 'root', 'nft 1.0.6'],
    ['rights that are not wanted', {}, { privilege: 'none' }, 'relay', 'none', 'this process carries'],
    ['no tools', { host: bare }, {}, 'relay', 'none', 'this process carries'],
    ['neither tools nor rights', { host: { ...bare, ...someone } }, {}, 'relay', 'none', 'this process carries'],
    ['rootless', { engine: { rootless: true } }, {}, 'sidecar', 'none', 'a container of ours in the network'],
    [
      'UDP for nobody',
      { host: someone },
      { protocols: ['udp'], privilege: 'none' },
      'relay',
      'none',
      'this process carries',
    ],
    ['sidecar asked for', {}, { strategy: 'sidecar' }, 'sidecar', 'none', 'asked for; a container'],
    ['relay asked for', {}, { strategy: 'relay' }, 'relay', 'none', 'asked for; this process carries'],
    ['relay asked for by root', {}, { strategy: 'relay', privilege: 'root' }, 'relay', 'none', 'asked for; this'],
    ['UDP', {}, { protocols: ['udp'] }, 'nftables', 'root', 'nft 1.0.6'],
    ['remote', { engine: { remote: true } }, {}, 'tunnel', 'none', 'an sshd in a container carries'],
    ['an engine in another namespace', { engine: { elsewhere: true } }, {}, 'sidecar', 'none', 'a container of ours'],
    ['tunnel', {}, { strategy: 'tunnel' }, 'tunnel', 'none', 'asked for; an sshd'],
    ['Docker Desktop', { engine: desktop }, {}, 'native', 'none', 'Docker Desktop itself leads containers'],
    ['rootless', { engine: { rootless: true } }, { strategy: 'native' }, 'native', 'none', 'asked for; the engine'],
    ['Podman', { engine: { name: 'Podman', version: '5.4.0' } }, {}, 'nftables', 'root', 'nft 1.0.6'],
  ])('%s', (_, different, wanted, strategy, privilege, reason) => {
    const choice = choose(different, wanted);
    expect(choice).toMatchObject({ strategy, privilege });
    expect(choice.reasons.map((each) => each.strategy)).toEqual(strategyNames);
    const chosen = choice.reasons.filter((each) => each.chosen);
    expect(chosen.map((each) => each.strategy)).toEqual([strategy]);
    expect(chosen[0]?.reason.slice(0, reason.length)).toBe(reason);
  });

  test('each strategy has its reason', () => {
    expect(choose({}, {}).reasons.map(({ reason }) => reason)).toEqual([
      'nft 1.0.6 on kernel 6.1.0: the kernel itself removes the rules when the process ends',
      'not tried: nftables comes first',
      'not tried: nftables comes first',
      'not tried: nftables comes first',
      'for engines elsewhere, and this one is not',
      'this engine runs on the host itself, where no name of its own leads to 127.0.0.1',
    ]);
    expect(choose({ host: { nft: undefined } }, {}).reasons[0]?.reason).toBe(
      'no nft with an interactive mode on this host',
    );
    expect(choose({}, { strategy: 'iptables' }).reasons[0]?.reason).toBe('not tried: iptables was asked for');
  });
});

describe('where none works', () => {
  const nftables = 'sudo apt-get install nftables';
  const iptables = 'sudo apt-get install iptables';
  test.each<[string, Different, Wanted, string, string]>([
    ['nothing installed', { host: bare }, byRights, 'no nft with an interactive mode', nftables],
    ['nothing installed on an old kernel', { host: { ...bare, kernel: '4.19.0' } }, byRights, 'no nft', iptables],
    [
      'old kernel',
      { host: { kernel: '4.19.0', iptables: undefined } },
      byRights,
      'kernel 4.19.0 has no owned tables',
      iptables,
    ],
    ['old nft', { host: { ...bare, nft: { version: '0.9.8' } } }, byRights, 'nft 0.9.8 has no owned tables', iptables],
    ['no privilege either', { host: { ...someone, ...bare } }, byRules, 'no nft', nftables],
    ['nftables asked for, none there', { host: { nft: undefined } }, { strategy: 'nftables' }, 'no nft', nftables],
    [
      'nftables asked for, too old',
      { host: { nft: { version: '0.9.8' } } },
      { strategy: 'nftables' },
      'nft 0.9.8',
      "strategy: 'auto'",
    ],
    [
      'iptables asked for, none there',
      { host: { iptables: undefined } },
      { strategy: 'iptables' },
      'no iptables',
      iptables,
    ],
    ['macOS', { host: { platform: 'darwin' } }, {}, 'needs Linux, and this is darwin', 'docker context ls'],
    [
      'rules in Docker Desktop',
      { engine: desktop },
      { strategy: 'nftables' },
      'Docker Desktop runs its bridges in a virtual machine',
      "strategy: 'native'",
    ],
    [
      'rules on a remote one',
      { engine: { remote: true, endpoint: 'tcp://build:2375' } },
      { strategy: 'nftables' },
      'the engine at tcp://build:2375 is on another host',
      "strategy: 'tunnel'",
    ],
    [
      'rules for a rootless engine, which has another strategy',
      { engine: { rootless: true } },
      byRules,
      'a rootless engine has its bridges',
      "strategy: 'auto'",
    ],
    [
      'rights on a rootless engine',
      { engine: { rootless: true } },
      { privilege: 'root' },
      'a rootless engine has its bridges',
      'docker context use default',
    ],
    [
      'no tools, nor in the image that is named',
      {
        host: {
          ...bare,
          lent: lentNothing,
        },
      },
      { strategy: 'nftables' },
      'no nft with an interactive mode on this host, nor in the image tools: No such image: tools',
      nftables,
    ],
    [
      'rules for an engine in another namespace',
      { engine: { elsewhere: true } },
      byRules,
      'the engine at unix:///var/run/docker.sock has its bridges in another network namespace than this process',
      "strategy: 'sidecar'",
    ],
    [
      'sudo without programs, nor in the image that is named',
      { host: { ...bare, lent: lentNothing } },
      { privilege: 'sudo' },
      'nor in the image tools: No such image: tools',
      nftables,
    ],
    [
      'the same on a kernel that is too old for nft',
      { host: { ...bare, kernel: '5.4.0', lent: lentNothing } },
      { privilege: 'sudo' },
      'nor in the image tools: No such image: tools',
      'sudo apt-get install iptables',
    ],
    ['relay', { engine: { remote: true } }, { strategy: 'relay' }, 'is on another host', "strategy: 'tunnel'"],
    ['no tools for the rights that are asked for', { host: bare }, { privilege: 'root' }, 'no nft', nftables],
    ['sidecar', { engine: { remote: true } }, { strategy: 'sidecar' }, 'is on another host', "strategy: 'tunnel'"],
    ['native', {}, { strategy: 'native' }, 'this engine runs on the host itself', "strategy: 'auto'"],
    [
      'native, without tools',
      { host: bare },
      { strategy: 'native' },
      'this engine runs on the host itself',
      "strategy: 'auto'",
    ],
  ])('%s', (_, different, wanted, reason, advice) => {
    const error = refusalOf(() => choose(different, wanted));
    expect(error.code).toBe('LHF_ERR_NO_STRATEGY');
    expect(error.reasons?.map(({ strategy }) => strategy)).toEqual(strategyNames);
    expect(error.reasons?.some(({ chosen }) => chosen)).toBe(false);
    const lines = error.message.split('\n');
    const what = wanted.strategy === undefined ? 'No strategy can' : `Strategy '${wanted.strategy}' cannot`;
    expect(lines[0]).toBe(`${what} forward to 127.0.0.1 here`);
    expect(lines.slice(1, -1)).toEqual(error.reasons?.map((each) => `  ${each.strategy}: ${each.reason}`));
    expect(error.reasons?.find(({ strategy }) => strategy === (wanted.strategy ?? 'nftables'))?.reason).toContain(
      reason,
    );
    expect(lines.at(-1)).toContain(`Try: ${advice}`);
  });
});

describe('where nobody may', () => {
  const mended = "privilege: 'auto'";
  test.each<[string, Different, Wanted, string, string]>([
    [
      'root without the capability, asked for',
      { host: { netAdmin: false, sudo: true } },
      { privilege: 'root' },
      'root here lacks CAP_NET_ADMIN',
      'docker run --cap-add NET_ADMIN',
    ],
    ['root asked for', { host: { ...someone, sudo: true } }, { privilege: 'root' }, 'this user is not root', mended],
    [
      'sudo asked for',
      {},
      { privilege: 'sudo' },
      'sudo -n does not work for this user',
      '{ sudo -V 2>&1 | grep -q sudo-rs || echo ',
    ],
    [
      'sudo asked for where there is none',
      { host: { ...someone, hasSudo: false } },
      { privilege: 'sudo' },
      'sudo is not installed',
      mended,
    ],
    [
      'sudo asked for by root without the capability',
      { host: { netAdmin: false, sudo: true } },
      { privilege: 'sudo' },
      'root here lacks CAP_NET_ADMIN',
      'docker run --cap-add NET_ADMIN',
    ],
    ['root asked for, with tools lent', { host: { lent } }, { privilege: 'root' }, noPrograms, mended],
    ['sudo asked for, with tools lent', { host: { lent } }, { privilege: 'sudo' }, noPrograms, mended],
    ['none for nftables', {}, { privilege: 'none', strategy: 'nftables' }, "privilege 'none' was asked for", mended],
  ])('%s', (_, different, wanted, reason, advice) => {
    const error = refusalOf(() => choose(different, wanted));
    expect(error).toMatchObject({ code: 'LHF_ERR_PRIVILEGE', strategy: 'nftables' });
    const lines = error.message.split('\n');
    expect(lines[0]).toBe(`Nobody here may install rules: ${reason}`);
    expect(lines.slice(1, 3)).toEqual([`  nftables: ${reason}`, `  iptables: ${reason}`]);
    expect(lines.at(-1)).toContain(`Try: ${advice}`);
    expect(error.reasons?.some(({ chosen }) => chosen)).toBe(false);
  });
});

test.each<[string, Different, string]>([
  ['root', {}, ''],
  ['sudo', { host: { ...someone, sudo: true } }, '; by sudo -n'],
  ['container', { host: someone }, '; by a helper container with CAP_NET_ADMIN alone'],
  [
    'a container with tools of an image, though this is root',
    { host: { lent: { image: 'tools', nft: { version: '1.0.6' }, iptables: undefined } } },
    '; by a helper container with CAP_NET_ADMIN alone, with the tools of the image tools',
  ],
  ['an ambient capability', { host: { uid: 1000 } }, '; by CAP_NET_ADMIN of this user (ambient)'],
])('the reason of what is chosen tells by whose rights: %s', (_, different, by) => {
  expect(choose(different, {}).reasons[0]?.reason).toBe(
    `nft 1.0.6 on kernel 6.1.0: the kernel itself removes the rules when the process ends${by}`,
  );
});

test.each<[string, Different, string]>([
  ['a rootless engine', { engine: { rootless: true } }, 'a rootless engine has no rights on this host'],
  ['a virtual machine', { engine: { vm: 'Colima' } }, 'Colima has a kernel of its own'],
  [
    'another network namespace',
    { engine: { elsewhere: true } },
    'the engine is in another network namespace than this process',
  ],
  ['another host', { engine: { remote: true, endpoint: 'tcp://b:1' } }, 'the engine at tcp://b:1 is on another host'],
])('the engine of %s has no container to give rights by', (_, different, reason) => {
  const { host, engine } = machineWith(different);
  expect(ladderOf(host, engine)[2]).toEqual({ privilege: 'container', works: false, reason });
});

test('where there is no sudo, nobody is advised to be allowed it', () => {
  const { host, engine } = machineWith({ host: { ...someone, hasSudo: false }, engine: { remote: true } });
  expect(choosePrivilege({ host, engine }, 'auto')).toMatchObject({
    privilege: undefined,
    obstacle: { what: expect.stringContaining(', sudo is not installed, ') as string, advice: 'run it as root' },
  });
});

test('a strategy that uses no rights is none for who names the rights to be used', () => {
  const { reasons } = choose({}, { privilege: 'root' });
  expect(reasons.find(({ strategy }) => strategy === 'relay')?.reason).toBe(
    "uses no rights, and privilege 'root' was asked for",
  );
});

test('what failed at its start is not chosen again', () => {
  const failed = [{ strategy: 'nftables', privilege: 'root', words: 'no', isOfRights: false }] as const;
  const { strategy, reasons } = chooseStrategy(machineWith(), { strategy: 'auto', privilege: 'auto' }, failed);
  expect(strategy).toBe('iptables');
  expect(reasons[0]).toEqual({ strategy: 'nftables', chosen: false, reason: 'failed at its start: no' });
});

describe('a hermetic network', () => {
  const hermetic = { hermetic: true } as const;

  test.each<[string, Different, Wanted, string]>([
    ['by nftables', {}, {}, 'nftables'],
    ['by iptables, where it is asked for and nft is beside it', {}, { strategy: 'iptables' }, 'iptables'],
  ])('%s', (_, different, wanted, strategy) => {
    expect(choose(different, { ...wanted, ...hermetic }).strategy).toBe(strategy);
  });

  test.each<[string, Different, Wanted, string]>([
    ['relay', {}, { strategy: 'relay' }, 'relay: has no rules'],
    ['sidecar', {}, { strategy: 'sidecar' }, 'sidecar: has no rules'],
    ['nobody’s rights', {}, { privilege: 'none' }, 'No strategy can keep a network hermetic here'],
    ['iptables alone', { host: { nft: undefined } }, { strategy: 'iptables' }, 'cannot keep a network hermetic'],
  ])('is refused for %s', (_, different, wanted, words) => {
    const error = refusalOf(() => choose(different, { ...wanted, ...hermetic }));
    expect(error.code).toBe('LHF_ERR_UNSUPPORTED');
    expect(error.message).toContain(words);
  });

  test('what cannot open at all is told as ever', () => {
    const error = refusalOf(() => choose({ host: bare }, { strategy: 'nftables', ...hermetic }));
    expect(error.code).toBe('LHF_ERR_NO_STRATEGY');
  });
});

test('with tools lent by an image, only its container is offered', () => {
  const { host, engine } = machineWith({ host: { sudo: true, lent } });
  expect(ladderOf(host, engine)).toEqual([
    { privilege: 'root', works: false, reason: noPrograms },
    { privilege: 'sudo', works: false, reason: noPrograms },
    {
      privilege: 'container',
      works: true,
      reason: 'a helper container with CAP_NET_ADMIN alone, with the tools of the image tools',
    },
  ]);
});

test('an image that lends nothing gives nobody rights, and is looked by all the same, for its failure to be told', () => {
  const { host, engine } = machineWith({ host: { ...bare, lent: lentNothing } });
  expect(ladderOf(host, engine)[2]).toEqual({
    privilege: 'container',
    works: false,
    reason: 'no tools in the image tools: No such image: tools',
  });
  expect(lookBy(host, engine)).toBe('container');
});

test.each<[Parameters<typeof mayNeedRights>[0], boolean]>([
  [{ strategy: 'auto', privilege: 'auto' }, true],
  [{ strategy: 'nftables', privilege: 'auto' }, true],
  [{ strategy: 'iptables', privilege: 'sudo' }, true],
  [{ strategy: 'auto', privilege: 'none' }, false],
  [{ strategy: 'nftables', privilege: 'none' }, false],
  [{ strategy: 'relay', privilege: 'auto' }, false],
  [{ strategy: 'sidecar', privilege: 'container' }, false],
  [{ strategy: 'tunnel', privilege: 'auto' }, false],
  [{ strategy: 'native', privilege: 'auto' }, false],
])('whether somebody is wanted who may change the kernel: %o', (wishes, expected) => {
  expect(mayNeedRights(wishes)).toBe(expected);
});
