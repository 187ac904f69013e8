// Opens forwards, lets a container of its own call through them, closes, and starts over: until somebody kills it.
//   node test/crash/storm/victim.ts <strategy> <port> <container name or ->
import Docker from 'dockerode';
import { openLocalhostForward, type Strategy } from 'localhost-forward';
import { startUserContainer, traffic } from '../container.ts';

const [strategy = 'nftables', port = '0', containerName = '-'] = process.argv.slice(2);
console.log('started');
for (let round = 0; ; round += 1) {
  const options = { strategy: strategy as Strategy, verify: false };
  const [net, other] = await Promise.all([
    openLocalhostForward(Number(port), options),
    openLocalhostForward({ hostPort: Number(port), containerPort: 80 }, options),
  ]);
  console.log('open');
  if (containerName !== '-' && round === 0) {
    const script = traffic(net.hostname, Number(port));
    await startUserContainer(new Docker(), {
      network: net.networkName,
      name: containerName,
      hosts: net.extraHosts,
      script,
    });
    console.log('attached');
  }
  await other.close();
  await net.close();
  console.log('closed');
}
