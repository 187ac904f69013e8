import { expect, test } from 'vitest';
import { tableNamesOf } from '../../../../../src/strategies/netfilter/tables/rules.ts';
import { SessionTables } from '../../../../../src/strategies/netfilter/tables/session-tables.ts';

const network = { callers: '198.18.0.0/28', usual: [], subnet: '198.18.0.0/28', gateway: '198.18.0.1' };
const probe = { address: '198.18.0.14', ...network, trials: [] };

test.each([
  [true, 'nftables'],
  [false, 'iptables'],
])('what nft refuses is told of the strategy it was for: translates %s, %s', async (translates, strategy) => {
  const tables = new SessionTables(tableNamesOf('abcde', 'session'), () => ({ transact: async () => 'Error: no' }));
  const opening = tables.open('lhf-abcde123', [], { translates, probe, isHermetic: false, onSent: () => undefined });
  await expect(opening).rejects.toMatchObject({ code: 'LHF_ERR_RULES', strategy });
});

test('what is on its way is told when it is written, and not before', async () => {
  const seen: string[] = [];
  const stream = {
    transact: async (_: readonly string[], onSent?: () => void) => {
      await Promise.resolve();
      seen.push('written');
      onSent?.();
      return '';
    },
  };
  const tables = new SessionTables(tableNamesOf('abcde', 'session'), () => stream);
  const onSent = (): void => void seen.push('told');
  await tables.open('lhf-abcde123', [], { translates: true, probe, isHermetic: false, onSent });
  expect(seen).toEqual(['written', 'told']);
});
