import { expect, test } from 'vitest';
import { spawnScript } from '../support/children.ts';
import { renderDifference } from '../support/host-snapshot.ts';
import { snapshotHere } from '../support/leftovers.ts';
import { spawnHere } from '../support/run.ts';

const opening = `
import { openLocalhostForward } from 'localhost-forward';
import { createServer } from 'node:http';
const service = createServer().listen(0, '127.0.0.1', async () => {
  const { port } = service.address();
  await openLocalhostForward(port).then(
    async (net) => {
      console.log('open ' + JSON.stringify([net.strategy, net.reasons.map(({ reason }) => reason)]));
      await net.close();
    },
    ({ message }) => console.log('open ' + JSON.stringify([message])),
  );
  service.close();
});
`;

test('from a network namespace beside the engine’s, its containers reach the loopback there, and the reasons tell why not by rules', async () => {
  const before = await snapshotHere();
  const inside = ['unshare', '--net', 'sh', '-c', 'ip link set lo up && exec "$@"', 'inside'];
  await using script = spawnScript({
    source: opening,
    spawn: (argv, options) => spawnHere([...inside, ...argv], options),
  });
  const [strategy, reasons] = JSON.parse((await script.waitForLine(/^open /)).slice('open '.length)) as [
    string,
    string[],
  ];
  expect(strategy).toBe('sidecar');
  for (const reason of reasons.slice(0, 3))
    expect(reason).toMatch(/^the engine at unix:\S+ has its bridges in another network namespace than this process$/);
  expect(await script.exit).toEqual({ code: 0, signal: null });
  expect(renderDifference(before, await snapshotHere())).toBe('');
});
