import type Docker from 'dockerode';
import { expect, test } from 'vitest';
import { removeContainer } from '../../../src/engine/containers.ts';

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
