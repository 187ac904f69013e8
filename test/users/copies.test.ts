import { describe, expect, test } from 'vitest';
import { triedGenerations } from './support/installs.ts';
import { expectNothingLeft } from './support/nothing-left.ts';
import { makeProject } from './support/projects.ts';

expectNothingLeft();

const main = `
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import * as esm from 'localhost-forward';
const cjs = createRequire(import.meta.url)('localhost-forward');

const errors = await Promise.all([esm, cjs].map((copy) => copy.openLocalhostForward(70_000).catch((error) => error)));
const nets = [];
for (const copy of [esm, cjs, esm]) nets.push(await copy.openLocalhostForward({ hostPort: 0, containerPort: 80 }, { listener: true, verify: false }));
const nonce = nets[0].id.slice(0, 5);
// A holder's shell leads a group of its own, which the parts that it starts are in.
const holders = execFileSync('sh', ['-c', 'for file in $(grep -lazE -- "-' + nonce + '(-e[0-9a-f]{6})?$" /proc/[0-9]*/cmdline 2>/dev/null); do read -r pid _ _ _ group _ < "\${file%cmdline}stat" && if [ "$pid" = "$group" ]; then echo "$pid"; fi; done | wc -l'], { encoding: 'utf8' });
const traces = await cjs.findTraces(nets[0]);
await Promise.all(nets.map((net) => net.close()));
console.log(JSON.stringify({
  apart: esm.LocalhostForwardError !== cjs.LocalhostForwardError,
  recognised: errors.map((error) => [esm.isLocalhostForwardError(error), cjs.isLocalhostForwardError(error), error.code]),
  nonces: new Set(nets.map(({ id }) => id.slice(0, 5))).size,
  holders: Number(holders),
  traced: traces.length > 0,
  left: (await Promise.all(nets.map((net) => cjs.findTraces(net)))).flat(),
}));
`;

describe.each(triedGenerations)('two copies of the package in one process, %s', (generation) => {
  test('share one holder and recognise each other’s errors', async () => {
    await using project = await makeProject(generation, { 'main.mjs': main });
    const { exitCode, output } = await project.run('./main.mjs');
    expect(JSON.parse(output)).toEqual({
      apart: true,
      recognised: [
        [true, true, 'LHF_ERR_INVALID_OPTION'],
        [true, true, 'LHF_ERR_INVALID_OPTION'],
      ],
      nonces: 1,
      holders: 1,
      traced: true,
      left: [],
    });
    expect(exitCode).toBe(0);
  });
});
