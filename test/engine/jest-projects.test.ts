import Docker from 'dockerode';
import { expect, test } from 'vitest';
import { closeShared, handoverVariable, openShared } from '../../adapters/jest/handover.ts';

// As Jest calls a set-up for each of its projects, in one process.
test('projects that ask for different forwards are refused, with nothing of the first left, and asked again they get theirs', async () => {
  const docker = new Docker();
  const options = { verify: false };
  const { networkName } = await openShared(8088, options);
  await expect(openShared(8089, options)).rejects.toMatchObject({
    code: 'LHF_ERR_INVALID_OPTION',
    message: expect.stringContaining('Expected all projects of one Jest run to have the same'),
  });
  expect(process.env[handoverVariable]).toBeUndefined();
  expect((await docker.listNetworks()).map(({ Name }) => Name)).not.toContain(networkName);
  const net = await openShared(8089, options);
  expect(net.ports).toMatchObject([{ hostPort: 8089 }]);
  await closeShared();
  await expect(net.forward(1)).rejects.toMatchObject({ code: 'LHF_ERR_CLOSED' });
});
