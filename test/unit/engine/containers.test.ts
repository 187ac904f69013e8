import { PassThrough } from 'node:stream';
import type Docker from 'dockerode';
import { expect, test } from 'vitest';
import { createPiped, listAttached, removeContainer } from '../../../src/engine/containers.ts';

/** A fake: an engine that answers removals with these, and then does as it is told. */
const engineThat = (...refuses: readonly (readonly [statusCode: number, message: string])[]) => {
  const left = [...refuses];
  let asked = 0;
  const remove = async (): Promise<void> => {
    asked += 1;
    const [refusal] = left.splice(0, 1);
    if (refusal !== undefined) throw Object.assign(new Error(refusal[1]), { statusCode: refusal[0] });
  };
  return { docker: { getContainer: () => ({ remove }) } as unknown as Docker, asked: () => asked };
};

// As Docker 20.10.24 said it, of a folder into which it was writing the container's end.
const notEmpty = [
  500,
  'server error - unable to remove filesystem for 73b7: unlinkat /c/73b7: directory not empty',
] as const;

test('a container whose folder was not empty for a moment is removed all the same', async () => {
  const { docker, asked } = engineThat(notEmpty, notEmpty);
  await removeContainer(docker, '73b7');
  expect(asked()).toBe(3);
});

test('what an engine goes on to refuse, or refuses for another reason, is told', async () => {
  const stuck = engineThat(...Array.from({ length: 9 }, () => notEmpty));
  await expect(removeContainer(stuck.docker, '73b7')).rejects.toThrow('directory not empty');
  expect(stuck.asked()).toBe(5);
  const other = engineThat([500, 'server error - driver failed']);
  await expect(removeContainer(other.docker, '73b7')).rejects.toThrow('driver failed');
  expect(other.asked()).toBe(1);
});

// Docker 20.10 leaves the shim behind of a container that ends by itself, as its program does with its input, while it is killed.
test.each([
  ['that is killed', undefined],
  ['whose engine does not answer any more', 'gone'],
])('the input of a container %s ends after it, and not before', async (_, failure) => {
  const input = new PassThrough();
  const done: string[] = [];
  input.on('finish', () => done.push('input ended'));
  /** A fake: it makes one container, and takes it away again unless it has failed. */
  const docker = {
    createContainer: async () => ({ id: '73b7' }),
    modem: {
      dial: (_request: object, answered: (error: null, stream: PassThrough) => void) => answered(null, input),
      demuxStream: () => undefined,
    },
    getContainer: () => ({
      remove: async () => {
        await new Promise(setImmediate);
        done.push('removed');
        if (failure !== undefined) throw new Error(failure);
      },
    }),
  } as unknown as Docker;
  const { remove } = await createPiped(docker, {});
  const outcome = await remove().catch((error: unknown) => (error as Error).message);
  expect(outcome).toBe(failure);
  await new Promise(setImmediate);
  expect(done).toEqual(['removed', 'input ended']);
});

test('a container of which an engine tells no labels and no networks has none', async () => {
  const listed = [{ Id: '73b7', Names: ['/web'], Labels: null, NetworkSettings: null }];
  const docker = { listContainers: async () => listed } as unknown as Docker;
  expect(await listAttached(docker, 'n1')).toEqual([{ id: '73b7', name: 'web', labels: {}, addresses: [] }]);
});
