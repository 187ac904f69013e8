import { expect, it } from 'vitest';
import { projectRoot } from '../../support/children.ts';
import { execHere } from '../../support/run.ts';

// A network namespace of its own: its routes and its sysctls are known, and nobody's.
const routes = `
ip link add lhf-kernel00 type bridge
ip addr add 198.18.3.17/28 dev lhf-kernel00
ip link set lhf-kernel00 up
ip route add 10.64.0.0/10 dev lhf-kernel00
ip route add 1.2.3.4/32 dev lhf-kernel00
ip route add default via 198.18.3.18
ip route add default via 198.18.3.18 table 52
ip route add 10.9.0.0/16 via 198.18.3.18 table 52
ip route add unreachable 10.8.0.0/16 table 52
ip rule add pref 5270 lookup 52`;

it('reads routes and sysctls, and finds interfaces', async () => {
  const argv = [
    'unshare',
    '--net',
    'sh',
    '-ec',
    `${routes}\nexec "$@"`,
    'sh',
    process.execPath,
    'test/unit/host/read-kernel.ts',
  ];
  const { stdout, stderr, exitCode } = await execHere(argv, { cwd: projectRoot });
  expect(exitCode, stderr).toBe(0);
  const {
    routes: found,
    sysctls,
    exists,
  } = JSON.parse(stdout) as { routes: string[]; sysctls: unknown[]; exists: boolean[] };
  expect(found.toSorted()).toEqual(['1.2.3.4/32', '10.64.0.0/10', '10.8.0.0/16', '10.9.0.0/16', '198.18.3.16/28']);
  expect(sysctls).toEqual(['0', 'none']);
  expect(exists).toEqual([true, false]);
});
