// `node fetch.ts <network> <host:address> <url>`: fetches from a container on that network, and prints what came back.
import { startNode } from './containers.ts';

const [networkName = '', extraHost = '', url = ''] = process.argv.slice(2);
await using container = await startNode({ networkName, extraHosts: [extraHost] });
console.log(JSON.stringify(await container.get(url)));
