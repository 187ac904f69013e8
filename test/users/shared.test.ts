import { expect, test } from 'vitest';
import { openLocalhostForward } from '../../src/index.ts';
import { spawnScript } from '../support/children.ts';
import { listenTcp } from '../support/services.ts';
import { expectNothingLeft } from './support/nothing-left.ts';

expectNothingLeft();

// Another process, as a test's worker is: it answers each line with what came of it.
const worker = `
import { createInterface } from 'node:readline';
import { joinLocalhostForward } from 'localhost-forward';
const net = joinLocalhostForward(JSON.parse(process.argv[1]));
const calls = {
  cut: () => net.cut(80),
  slow: () => net.slow(80, { latencyMs: 5 }),
  restore: () => net.restore(80),
  verify: async () => (await net.verify()).ports[0].answer,
  diagnose: async () => (await net.diagnose()).sentence,
  advice: async () => (await net.diagnose()).advice,
};
for await (const line of createInterface(process.stdin)) {
  const said = await calls[line]().catch((error) => error.code + ' ' + error.message.split('\\n')[0]);
  console.log(line + ': ' + said);
}
await net.close();
`;

test.each(['nftables', 'iptables', 'relay', 'sidecar'] as const)(
  'a worker that joined cuts nothing, and is told what its owner has cut, with %s',
  async (strategy) => {
    await using service = await listenTcp();
    await using net = await openLocalhostForward({ hostPort: service.port, containerPort: 80 }, { strategy });
    await using joined = spawnScript({ source: worker, args: [JSON.stringify(net)] });
    const ask = async (what: string): Promise<string> => {
      const from = joined.lines.length;
      joined.send(what);
      await joined.waitForLine(() => joined.lines.length > from);
      return joined.lines[from] ?? '';
    };
    for (const what of ['cut', 'slow', 'restore'])
      expect(await ask(what)).toBe(
        `${what}: LHF_ERR_UNSUPPORTED ${what}() was asked of ${net.networkName}, which another process opened: others use its ports, too`,
      );
    expect(await ask('verify')).toBe('verify: accepted');

    const sentence = (mode: string): string =>
      `tcp port 80 of ${net.networkName} was cut on purpose: cut(80, { mode: '${mode}' })`;
    for (const mode of ['refuse', 'drop'] as const) {
      await net.cut(80, { mode });
      expect(await ask('verify')).toBe(`verify: LHF_ERR_UNREACHABLE ${sentence(mode)}`);
      expect(await ask('diagnose')).toBe(`diagnose: ${sentence(mode)}`);
    }
    expect(await ask('advice')).toBe(`advice: in process ${process.pid}, which opened it: await net.restore(80)`);
    await net.restore(80);
    expect(await ask('verify')).toBe('verify: accepted');
    joined.endInput();
    expect((await joined.exit).code).toBe(0);
  },
);
