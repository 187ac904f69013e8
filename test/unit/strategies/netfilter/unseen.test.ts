import { describe, expect, it } from 'vitest';
import type { CommandResult } from '../../../../src/command/run.ts';
import type { Privileges } from '../../../../src/privilege/privileges.ts';
import { ChainLook } from '../../../../src/strategies/netfilter/iptables/chain-look.ts';
import { ChainView, FoundGuard, RawGuard } from '../../../../src/strategies/netfilter/iptables/chain-view.ts';
import { TableView } from '../../../../src/strategies/netfilter/tables/table-view.ts';
import { tableNamesOfBridge } from '../../../../src/strategies/netfilter/tables/rules.ts';

const bridge = 'lhf-abcde001';
const port = {
  protocol: 'tcp',
  containerPort: 80,
  hostPort: 8088,
  hostAddress: '127.0.0.1',
  targetPort: 8088,
} as const;

const views = (answer: Partial<CommandResult>) => {
  const result = {
    command: 'sudo -n nft list',
    stdout: '',
    stderr: '',
    exitCode: undefined,
    failure: undefined,
    ...answer,
  };
  const privileges = { run: async (): Promise<CommandResult> => result } as unknown as Privileges;
  const look = new ChainLook(privileges);
  return {
    nftables: new TableView(tableNamesOfBridge(bridge), bridge, privileges),
    iptables: new ChainView(bridge, look, new RawGuard(bridge, look)),
  };
};

describe.each(['nftables', 'iptables'] as const)('a listing of %s', (name) => {
  it.each([
    { exitCode: 1, stderr: 'sudo: a password is required\n' },
    { exitCode: 1, stderr: 'Operation not permitted (you must be root)\n' },
    { exitCode: 4, stderr: 'Another app is currently holding the xtables lock.\n' },
    { exitCode: 127, stderr: 'sh: /usr/sbin/nft: No such file or directory\n' },
    { exitCode: 1, stderr: 'netlink: Error: cache initialization failed: Interrupted system call\n' },
    { failure: 'took longer than 10000 ms' },
  ])('that comes to $stderr$failure tells nothing of the rules', async (answer) => {
    const view = views(answer)[name];
    const unseen = {
      code: 'LHF_ERR_RULES',
      message: expect.stringContaining((answer.failure ?? answer.stderr).trim()),
    };
    await expect(view.isPresent(port)).rejects.toMatchObject(unseen);
    await expect(view.proofs()).rejects.toMatchObject(unseen);
  });

  it.each([
    [1, 'Error: No such file or directory\nlist table ip x\n'],
    [1, 'iptables: No chain/target/match by that name.\n'],
    [1, "iptables v1.8.9 (nf_tables): chain `LHF' in table `nat' is incompatible, use 'nft' tool.\n"],
    [3, "iptables v1.8.9 (legacy): can't initialize iptables table `nat': Table does not exist\n"],
  ])('that comes to %i and says %j tells that they are gone', async (exitCode, stderr) => {
    const view = views({ exitCode, stderr })[name];
    expect(await view.isPresent(port)).toBe(false);
    expect(await view.proofs()).toEqual(new Map());
  });
});

describe('a guard that another process put in, where nft cannot be asked', () => {
  const hits = { attempts: 1, connections: 1, packets: 9, bytes: 99 };
  const foundBeside = (isGuarded: boolean): FoundGuard => {
    const owned = { isGuarded: async () => Promise.reject(new Error('nft is not to be asked')) };
    const raw = { isGuarded: async () => isGuarded, hits: async () => [hits] };
    return new FoundGuard(owned as unknown as TableView, raw as unknown as RawGuard);
  };

  it('is found in table raw', async () => {
    expect(await foundBeside(true).isGuarded()).toBe(true);
    expect(await foundBeside(true).hits([port])).toEqual([hits]);
  });

  it('is not told missing where it is not there', async () => {
    await expect(foundBeside(false).isGuarded()).rejects.toThrow('nft is not to be asked');
    await expect(foundBeside(false).hits([port])).rejects.toThrow('nft is not to be asked');
  });
});
