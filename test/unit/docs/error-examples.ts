import { chooseStrategy, type Wishes } from '../../../src/choose/choose-strategy.ts';
import type { ErrorCode, LocalhostForwardError } from '../../../src/errors.ts';
import { closeFailed } from '../../../src/forward/close-failed.ts';
import { toCoded } from '../../../src/host/coded.ts';
import { parsePorts } from '../../../src/options/ports.ts';
import { findCause } from '../../../src/proof/find.ts';
import { renderDiagnosis } from '../../../src/proof/render.ts';
import { rulesRefused } from '../../../src/strategies/netfilter/iptables/rules-refused.ts';
import { machineWith } from '../support/machine.ts';
import { refusalOf } from '../support/refusal.ts';
import { findingExamples } from './finding-examples.ts';

const bare = { nft: undefined, iptables: undefined } as const;
const choose = (host: Parameters<typeof machineWith>[0], wishes: Partial<Wishes>): LocalhostForwardError =>
  refusalOf(() => chooseStrategy(machineWith(host), { strategy: 'auto', privilege: 'auto', ...wishes }));

/** What pure code says of some codes, from which `docs/errors.md` has its examples; the others are compared with the sources' words. */
export const errorExamples: Readonly<Partial<Record<ErrorCode, () => string>>> = {
  LHF_ERR_INVALID_OPTION: () => refusalOf(() => parsePorts({ hostPort: 70_000 })).message,
  LHF_ERR_NO_STRATEGY: () => choose({ host: bare }, { strategy: 'nftables' }).message,
  LHF_ERR_PRIVILEGE: () => choose({ host: { uid: 1000, netAdmin: false } }, { privilege: 'root' }).message,
  LHF_ERR_RULES: () =>
    rulesRefused('were refused', 'iptables-restore v1.8.9 (nf_tables): Extension addrtype is not supported').message,
  LHF_ERR_SYSTEM: () => toCoded('Sweeping', new Error('EIO: i/o error, read')).message,
  LHF_ERR_UNREACHABLE: () => renderDiagnosis(findCause(findingExamples['firewall-input'])),
  LHF_ERR_CLOSE: () =>
    closeFailed({ networkName: 'lhf-k0v2m101', strategy: 'nftables' }, [
      {
        what: 'network and rules of lhf-k0v2m101',
        error: new Error('No Docker engine answers at unix:///var/run/docker.sock'),
      },
    ]).message,
};
