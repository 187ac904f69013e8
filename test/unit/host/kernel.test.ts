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
ip route add default via 198.18.3.18`;

const program = `
import { interfaceExists, readRouteLocalnet, readRoutes, writeRouteLocalnet } from './src/host/kernel.ts';
import { privilegesOf } from './src/privilege/privileges.ts';
const root = privilegesOf('root');
// As sudo would, without a sudo: the file is written by a program.
const other = { ...root, kind: 'sudo' };
const bridge = 'lhf-kernel00';
const seen = [await readRouteLocalnet(bridge)];
for (const [on, privileges] of [[true, root], [false, root], [true, other], [false, other]]) {
  seen.push(await writeRouteLocalnet(bridge, on, privileges), await readRouteLocalnet(bridge));
}
const gone = [await readRouteLocalnet('lhf-gone0000'), await writeRouteLocalnet('lhf-gone0000', true, root), await writeRouteLocalnet('lhf-gone0000', true, other)];
console.log(JSON.stringify({ routes: await readRoutes(), seen, gone, exists: [interfaceExists(bridge), interfaceExists('lhf-gone0000')] }, (_, value) => value ?? 'none'));`;

it('reads routes, finds interfaces and turns route_localnet on and off', async () => {
  const argv = [
    'unshare',
    '--net',
    'sh',
    '-ec',
    `${routes}\nexec "$@"`,
    'sh',
    process.execPath,
    '--input-type=module-typescript',
    '--eval',
    program,
  ];
  const { stdout, stderr, exitCode } = await execHere(argv, { cwd: projectRoot });
  expect(exitCode, stderr).toBe(0);
  const {
    routes: found,
    seen,
    gone,
    exists,
  } = JSON.parse(stdout) as { routes: string[]; seen: unknown[]; gone: unknown[]; exists: boolean[] };
  expect(found.toSorted()).toEqual(['1.2.3.4/32', '10.64.0.0/10', '198.18.3.16/28']);
  expect(seen).toEqual([false, 'none', true, 'none', false, 'none', true, 'none', false]);
  expect(gone).toEqual(['none', expect.stringContaining('ENOENT'), expect.stringContaining('No such file')]);
  expect(exists).toEqual([true, false]);
});
