import { describe, expect, it } from 'vitest';
import type { CommandResult } from '../../../../src/command/run.ts';
import type { Privileges } from '../../../../src/privilege/privileges.ts';
import { ChainLook } from '../../../../src/strategies/netfilter/iptables/chain-look.ts';
import { ChainView, RawGuard } from '../../../../src/strategies/netfilter/iptables/chain-view.ts';
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
