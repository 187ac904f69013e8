// Tells what this network's kernel says of routes, a bridge `lhf-kernel00`, and one that is not there.
import { interfaceExists, readSysctl } from '../../../src/host/kernel.ts';
import { readRoutes } from '../../../src/host/routes.ts';

const bridges = ['lhf-kernel00', 'lhf-gone0000'];
const sysctls = await Promise.all(bridges.map((bridge) => readSysctl(`net/ipv4/conf/${bridge}/route_localnet`)));
const seen = { routes: await readRoutes(), sysctls, exists: bridges.map(interfaceExists) };
console.log(JSON.stringify(seen, (_, value: unknown) => value ?? 'none'));
