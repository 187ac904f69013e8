import { expect, test } from 'vitest';
import { matchers } from '../../../adapters/matchers/matchers.ts';

/** A forward of one port that nobody has called, and that a container could. */
const silent = (protocol: 'tcp' | 'udp') => ({
  networkName: 'lhf-0a1b2c3d',
  hostname: 'host.docker.internal',
  ports: [{ protocol, containerPort: 53 }],
  url: (port?: number) => {
    if (protocol === 'udp') throw new Error('forwards no TCP port');
    return `http://host.docker.internal:${port}`;
  },
  verify: async () => undefined,
  hits: async () => ({ attempts: 0, connections: 0, packets: 0, bytes: 0 }),
  diagnose: async () => ({ reachable: true, sentence: 'it answers', advice: 'nothing to do', containerPort: 53 }),
});

test.each([
  ['udp', 'host.docker.internal:53 by UDP'],
  ['tcp', 'http://host.docker.internal:53'],
] as const)('who was not reached by %s is told how to call', async (protocol, call) => {
  const { pass, message } = await matchers.toHaveBeenReached.call(undefined, silent(protocol));
  expect(pass).toBe(false);
  expect(message()).toMatch(/^Expected a container to have reached .*lhf-0a1b2c3d/);
  expect(message()).toContain(`call ${call}`);
});

test('what toHaveReceivedRequest() calls otherwise is not ignored', async () => {
  const late = { path: '/', timeoutMs: 5000 };
  const asked = matchers.toHaveReceivedRequest.call(undefined, silent('tcp'), late);
  await expect(asked).rejects.toMatchObject({
    code: 'LHF_ERR_INVALID_OPTION',
    message: 'Unknown option `timeoutMs` of toHaveReceivedRequest(). Did you mean `withinMs`?',
  });
});
