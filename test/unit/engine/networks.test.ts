import type Docker from 'dockerode';
import { describe, expect, test } from 'vitest';
import { removeNetwork } from '../../../src/engine/networks.ts';

/** An engine whose networks go as `remove` says, asked by name or id. */
const engineThat = (remove: (asked: string) => Promise<void>): Docker =>
  ({ getNetwork: (id: string) => ({ id, remove: () => remove(id) }) }) as unknown as Docker;

const refusal = (statusCode: number, message: string): Error =>
  Object.assign(new Error(message), { statusCode, json: { message } });

describe('a network is asked to go', () => {
  test('by its name: by an id, Podman takes it away from under its containers', async () => {
    const asked: string[] = [];
    const engine = engineThat(async (by) => void asked.push(by));
    await removeNetwork(engine, { name: 'lhf-abcde123', id: 'f00' });
    expect(asked).toEqual(['lhf-abcde123']);
  });

  test('by its id where the engine has two of its name', async () => {
    const asked: string[] = [];
    const engine = engineThat(async (by) => {
      asked.push(by);
      if (by.startsWith('lhf-')) throw refusal(400, `network ${by} is ambiguous (2 matches found based on name)`);
    });
    await removeNetwork(engine, { name: 'lhf-abcde123', id: 'f00' });
    expect(asked).toEqual(['lhf-abcde123', 'f00']);
  });

  // As Podman 5 and 6 answer: `exited` to whoever asks as Docker is asked, while a process of theirs still has to take it off its network.
  test.each(['among its running ones', 'as one that has ended'])(
    'when a container that is listed %s has been taken down from it',
    async (where) => {
      const statuses = ['stopped', 'stopped', 'exited'];
      const done: string[] = [];
      const network = {
        id: 'lhf-abcde123',
        remove: async () => {
          if (!done.includes('disconnected')) throw refusal(500, '"lhf-abcde123" has associated containers with it');
          done.push('removed');
        },
        inspect: async () => ({ Containers: where.includes('running') ? { c1: { Name: 'web' } } : {} }),
        disconnect: async () => void done.push('disconnected'),
      };
      const dial = ({ path }: { path: string }, answered: (error: null, answer: object) => void): void => {
        expect(path).toMatch(/^\/v\d.*\/libpod\/containers\/c1\/json/);
        const Status = statuses.shift();
        done.push(`was ${Status}`);
        answered(null, { State: { Status } });
      };
      const docker = {
        getNetwork: () => network,
        getContainer: () => ({ inspect: async () => ({ Config: { Labels: {} } }) }),
        listContainers: async () => (where.includes('ended') ? [{ Id: 'c1', Names: ['/web'] }] : []),
        modem: { dial },
      } as unknown as Docker;
      expect(await removeNetwork(docker, { name: 'lhf-abcde123' })).toEqual({ disconnected: ['web'] });
      expect(done).toEqual(['was stopped', 'was stopped', 'was exited', 'disconnected', 'removed']);
    },
  );

  test('with few others of its engine at a time, and with those of no other engine', async () => {
    const going = { now: 0, most: 0 };
    const halted = Promise.withResolvers<void>();
    const busy = engineThat(async () => {
      going.now += 1;
      going.most = Math.max(going.most, going.now);
      await halted.promise;
      going.now -= 1;
    });
    const removals = Array.from({ length: 50 }, (_, n) => removeNetwork(busy, { name: `lhf-busy${n}` }));
    await removeNetwork(
      engineThat(async () => undefined),
      { name: 'lhf-other000' },
    );
    halted.resolve();
    await Promise.all(removals);
    expect(going).toEqual({ now: 0, most: 8 });
  });
});
