import { describe, expect, it } from 'vitest';
import { isLocalhostForwardError, type LocalhostForwardError } from '../../../src/errors.ts';
import { chooseStrategy, type EngineFacts, type HostFacts } from '../../../src/plan/choose-strategy.ts';
import { strategyNames, type Privilege, type Strategy } from '../../../src/types.ts';

const host: HostFacts = {
  platform: 'linux',
  uid: 0,
  sudo: false,
  kernel: '6.1.0',
  nft: { version: '1.0.6' },
  iptables: { version: '1.8.9', variant: 'nf_tables' },
  netAdmin: true,
};
const engine: EngineFacts = {
  name: 'Docker',
  version: '28.5.0',
  rootless: false,
  remote: false,
  vm: undefined,
  firewallBackend: undefined,
  endpoint: 'unix:///var/run/docker.sock',
};

interface Place {
  readonly host?: Partial<HostFacts>;
  readonly engine?: Partial<EngineFacts>;
  readonly strategy?: 'auto' | Strategy;
  readonly privilege?: 'auto' | Privilege;
}

const choose = ({ strategy = 'auto', privilege = 'auto', ...facts }: Place) =>
  chooseStrategy({ host: { ...host, ...facts.host }, engine: { ...engine, ...facts.engine } }, { strategy, privilege });

const refusalOf = (place: Place): LocalhostForwardError => {
  try {
    choose(place);
  } catch (error) {
    if (isLocalhostForwardError(error)) return error;
  }
  throw new Error('it was not refused');
};

const user = { uid: 1000, netAdmin: false };
const remote = { remote: true, endpoint: 'tcp://ci:2376' };

describe('chooses', () => {
  it.each<[string, Place, Strategy, Privilege]>([
    ['nftables as root', {}, 'nftables', 'root'],
    ['nftables with sudo', { host: { ...user, sudo: true } }, 'nftables', 'sudo'],
    ['sudo for a root without the capability', { host: { netAdmin: false, sudo: true } }, 'nftables', 'sudo'],
    ['sudo where it is asked for', { host: { sudo: true }, privilege: 'sudo' }, 'nftables', 'sudo'],
    ['root where it is asked for', { host: { sudo: true }, privilege: 'root' }, 'nftables', 'root'],
    ['iptables where it is asked for', { strategy: 'iptables' }, 'iptables', 'root'],
    ['iptables without nft', { host: { nft: undefined } }, 'iptables', 'root'],
    ['iptables with an nft too old', { host: { nft: { version: '0.9.8' } } }, 'iptables', 'root'],
    ['iptables on a kernel too old', { host: { kernel: '5.10.0' } }, 'iptables', 'root'],
    ['nftables on the first kernel and nft that can', { host: { kernel: '5.12', nft: { version: '0.9.9' } } }, 'nftables', 'root'],
    ['nftables by number and not by text', { host: { kernel: '10.2.0', nft: { version: '0.10' } } }, 'nftables', 'root'],
    ['nftables without iptables', { host: { iptables: undefined } }, 'nftables', 'root'],
    ['nftables for Podman', { engine: { name: 'Podman' } }, 'nftables', 'root'],
  ])('%s', (_, place, strategy, privilege) => {
    const choice = choose(place);
    expect([choice.strategy, choice.privilege]).toEqual([strategy, privilege]);
    expect(choice.reasons.map((one) => one.strategy)).toEqual(strategyNames);
    expect(choice.reasons.filter(({ chosen }) => chosen).map((one) => one.strategy)).toEqual([strategy]);
    expect(choice.reasons.every(({ reason }) => reason.length > 0)).toBe(true);
  });

  it.each<[Place, Strategy, string]>([
    [{}, 'nftables', 'nft 1.0.6 on kernel 6.1.0'],
    [{}, 'iptables', 'works too; not chosen'],
    [{ strategy: 'iptables' }, 'iptables', 'asked for; iptables 1.8.9 (nf_tables)'],
    [{ strategy: 'iptables' }, 'nftables', 'works too'],
    [{ host: { nft: undefined } }, 'nftables', 'no nft'],
    [{ host: { nft: { version: '0.9.8' } } }, 'nftables', 'nft 0.9.8 has no owned tables'],
    [{ host: { kernel: '5.10.0' } }, 'nftables', 'kernel 5.10.0 has no owned tables'],
    [{}, 'relay', 'not built yet'],
    [{}, 'native', 'only engines in a virtual machine'],
  ])('%j: %s because: %s', (place, strategy, reason) => {
    expect(choose(place).reasons.find((one) => one.strategy === strategy)?.reason).toContain(reason);
  });
});

describe('LHF_ERR_NO_STRATEGY', () => {
  it.each<[string, Place, string, string]>([
    ['no tool', { host: { nft: undefined, iptables: undefined } }, 'iptables: no iptables on this host', 'sudo apt-get install nftables'],
    ['macOS', { host: { platform: 'darwin' } }, 'nftables: needs Linux, and this is darwin', 'docker run --rm'],
    ['a virtual machine', { engine: { vm: 'Colima' } }, 'Colima itself lets containers reach', 'docker run --rm'],
    ['a remote engine', { engine: remote }, 'nftables: the engine at tcp://ci:2376 is on another host', 'docker context use default'],
    ['a rootless engine', { engine: { rootless: true } }, 'rootless engine has its bridges', 'docker context use'],
    ['one not built', { strategy: 'tunnel' }, 'tunnel: not built yet', `strategy: 'auto'`],
    ['nftables without nft', { host: { nft: undefined }, strategy: 'nftables' }, 'nftables: no nft', `strategy: 'auto'`],
    ['no tool and no privilege', { host: { ...user, nft: undefined, iptables: undefined } }, 'nftables: no nft', 'sudo apt-get'],
  ])('%s', (_, place, evidence, advice) => {
    const error = refusalOf(place);
    expect(error.code).toBe('LHF_ERR_NO_STRATEGY');
    expect(error.message).toContain(evidence);
    expect(error.message.split('\nTry: ')[1]).toContain(advice);
    expect(error.message.split('\n').slice(1, -1).map((line) => line.trim().split(':')[0])).toEqual(strategyNames);
    expect(error.reasons?.map(({ chosen }) => chosen)).toEqual(strategyNames.map(() => false));
    expect(error.message).toContain(place.strategy === undefined ? 'No strategy' : `Strategy '${place.strategy}'`);
  });
});

describe('LHF_ERR_PRIVILEGE', () => {
  it.each<[string, Place, string]>([
    ['a user without sudo', { host: user }, 'this user is not root, and sudo -n does not work'],
    ['a root without the capability', { host: { netAdmin: false } }, 'root here lacks CAP_NET_ADMIN, and sudo -n'],
    ['sudo that does not work', { privilege: 'sudo' }, ': sudo -n does not work for this user'],
    ['root that is not', { host: { ...user, sudo: true }, privilege: 'root' }, ': this user is not root'],
    ['none', { privilege: 'none' }, `privilege 'none' cannot install rules`],
    ['a container', { privilege: 'container' }, `privilege 'container' cannot`],
  ])('%s', (_, place, what) => {
    const error = refusalOf(place);
    expect(error.code).toBe('LHF_ERR_PRIVILEGE');
    expect(error.message.split('\n')[0]).toContain(what);
    expect(error.message).toMatch(/\nTry: .*sudo/);
    expect(error.strategy).toBe('nftables');
    expect(error.reasons?.some(({ chosen }) => chosen)).toBe(false);
    expect(error.reasons?.find(({ strategy }) => strategy === 'iptables')?.reason).toContain(what.replace(/^: |^.*?: /, ''));
  });
});
