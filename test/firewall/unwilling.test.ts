import { afterAll, beforeAll, expect, it } from 'vitest';
import { projectRoot } from '../support/children.ts';
import { startPrivateEngine, type PrivateEngine } from '../support/private-engine.ts';
import { drive } from './drive.ts';

// Services that listen and take nobody in: no firewall is in the way.
let engine: PrivateEngine;
beforeAll(async () => void (engine = await startPrivateEngine()));
afterAll(() => engine.stop());

const startService = async (how: string): Promise<{ port: number } & AsyncDisposable> => {
  const service = engine.spawn(['perl', `${projectRoot}test/firewall/programs/unwilling.pl`, how], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const port = await new Promise<number>((resolve) =>
    service.stdout?.once('data', (said: Buffer) => resolve(Number(/\d+/.exec(String(said))?.[0]))),
  );
  return { port, [Symbol.asyncDispose]: async () => void service.kill() };
};

it('tells a service that takes callers of this host alone, and a relay reaches it, which is the advice', async () => {
  await using service = await startService('own');
  await using net = drive(engine, { strategy: 'nftables', verify: false, port: service.port });
  await net.open();
  const diagnosis = await net.diagnose();
  expect(diagnosis).toMatchObject({ reachable: false, finding: 'probe-failed' });
  expect(diagnosis.sentence).toMatch(/takes nobody in: a filter of its socket keeps other callers than this host out/);
  await net.close();
  const [, strategy] = /^strategy: '(\w+)'$/.exec(diagnosis.advice) ?? [];
  await using other = drive(engine, { strategy, port: service.port });
  expect(await other.open()).toHaveProperty('ok.strategy', 'relay');
  await other.close();
});

it.each(['nftables', 'iptables', 'relay', 'sidecar'])(
  '%s tells a service that has as many callers waiting as it lets',
  async (strategy) => {
    await using service = await startService('full');
    await using net = drive(engine, { strategy, verify: false, port: service.port });
    await net.open();
    const diagnosis = await net.diagnose();
    expect(diagnosis).toMatchObject({ reachable: false, finding: 'probe-failed' });
    expect(diagnosis.sentence).toMatch(/takes nobody in: as many callers wait for it as it lets$/);
    await net.close();
  },
);
