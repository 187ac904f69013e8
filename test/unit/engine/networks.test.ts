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
