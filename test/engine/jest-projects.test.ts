import Docker from 'dockerode';
import { expect, test } from 'vitest';
import { closeShared, handoverVariable, openShared } from '../../adapters/jest/handover.ts';

// As Jest calls a set-up for each of its projects, in one process.
test('projects that ask for different forwards are refused, with nothing of the first left, and asked again they get theirs', async () => {
  const docker = new Docker();
  const options = { verify: false };
  const { networkName } = await openShared('one', 8088, options);
  await expect(openShared('two', 8089, options)).rejects.toMatchObject({
    code: 'LHF_ERR_INVALID_OPTION',
    message: expect.stringContaining('Expected all projects of one Jest run to have the same'),
  });
  expect(process.env[handoverVariable]).toBeUndefined();
  expect((await docker.listNetworks()).map(({ Name }) => Name)).not.toContain(networkName);
  const net = await openShared('one', 8089, options);
  expect(net.ports).toMatchObject([{ hostPort: 8089 }]);
  await closeShared();
  await expect(net.forward(1)).rejects.toMatchObject({ code: 'LHF_ERR_CLOSED' });
});

test('a project that asks again, after a set-up that failed, has what it asks for now, and the first is closed', async () => {
  const docker = new Docker();
  const options = { verify: false };
  const { networkName } = await openShared('one', 8088, options);
  const net = await openShared('one', 8089, options);
  expect((await docker.listNetworks()).map(({ Name }) => Name)).not.toContain(networkName);
  expect(net.ports).toMatchObject([{ hostPort: 8089 }]);
  expect(await openShared('two', 8089, options)).toBe(net);
  await closeShared();
  expect(await net.hits()).toMatchObject({ connections: 0 });
  await closeShared();
  await expect(net.forward(1)).rejects.toMatchObject({ code: 'LHF_ERR_CLOSED' });
});
