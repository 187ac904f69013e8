import { expect, test } from 'vitest';
import { startNode } from '../support/containers.ts';
import { differenceAtLast, startOpener, takeState } from './trace.ts';

test.each(['nftables', 'sidecar'])(
  'killed while a port is cut and slowed and a container joined, by %s: nothing is left',
  async (strategy) => {
    const before = await takeState();
    await using script = startOpener(strategy, 'obey');
    const [, bridge = ''] = (await script.waitForLine(/^open /)).split(' ');
    await using container = await startNode({ networkName: bridge });
    script.send(`fault ${container.id}`);
    await script.waitForLine(/^faulty$/);
    await script.kill('SIGKILL');
    await container.remove();
    expect(await differenceAtLast(before)).toBe('');
  },
);
