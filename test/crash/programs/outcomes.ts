// Opens by whatever works, and then as each strategy by root in turn, and says what became of it: `outcome <strategy> by <privilege>`, or
// the error's code and message.
import { openLocalhostForward, type LocalhostForwardError, type LocalhostForwardOptions } from 'localhost-forward';

const wishes: readonly LocalhostForwardOptions[] = [
  {},
  { strategy: 'nftables', privilege: 'root' },
  { strategy: 'iptables', privilege: 'root' },
];
for (const options of wishes) {
  const outcome = await openLocalhostForward(8088, { verify: false, ...options }).then(
    async (net) => {
      await net.close();
      return `${net.strategy} by ${net.privilege}`;
    },
    ({ code, message }: LocalhostForwardError) => `${code} ${message}`,
  );
  console.log(`outcome ${outcome.replaceAll('\n', ' ')}`);
}
console.log('end');
