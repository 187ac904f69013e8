// Opens as each strategy in turn, beginning with `auto`, and says what became of it: `outcome <strategy>`, or the error's code and message.
import { openLocalhostForward, type LocalhostForwardError, type LocalhostForwardOptions } from '../../../src/index.ts';

const wishes: readonly LocalhostForwardOptions[] = [{}, { strategy: 'nftables' }, { strategy: 'iptables' }];
for (const options of wishes) {
  const outcome = await openLocalhostForward(8088, { verify: false, ...options }).then(
    async (net) => {
      await net.close();
      return net.strategy;
    },
    ({ code, message }: LocalhostForwardError) => `${code} ${message}`,
  );
  console.log(`outcome ${outcome.replaceAll('\n', ' ')}`);
}
console.log('end');
