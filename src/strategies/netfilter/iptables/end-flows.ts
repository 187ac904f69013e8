import { debug } from '../../../command/debug.ts';
import { printableLine } from '../../../printable.ts';
import type { Privileges } from '../../../privilege/privileges.ts';
import type { PortMapping } from '../../strategy.ts';

let isWarned = false;

/**
 * Ends what containers of a subnet hold open by a port that is closed, where no table of nft follows it: connection tracking is told to
 * forget it, and what comes next of it finds nobody. It needs the program conntrack; without it, that is told once.
 */
export const endFlows = async (privileges: Privileges, subnet: string, port: PortMapping): Promise<void> => {
  const { protocol, containerPort, targetPort } = port;
  const flow = `-p ${protocol} --orig-src ${subnet} --orig-port-dst ${containerPort} --reply-src 127.0.0.1 --reply-port-src ${targetPort}`;
  const { exitCode, failure, stderr } = await privileges.run(['conntrack', '-D', ...flow.split(' ')]);
  // It fails as well where there is none.
  if (exitCode === 0 || /\b0 flow entries/.test(stderr)) return;
  const words = failure ?? stderr.trim().split('\n')[0] ?? '';
  debug(`flows of ${protocol}/${containerPort} were not ended: ${words}`);
  if (isWarned) return;
  isWarned = true;
  process.emitWarning(
    `what containers hold open by ${protocol}/${containerPort}, which is closed, goes on until they end it: ${printableLine(words)}`,
    {
      type: 'LocalhostForwardWarning',
      code: 'LHF_WARN_FLOWS',
      detail: 'Try: sudo apt-get install conntrack',
    },
  );
};
