import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openLocalhostForward } from '../../src/index.ts';
import { commands } from '../support/advice-ledger.ts';
import { projectRoot } from '../support/children.ts';
import { startNode } from '../support/containers.ts';
import { execHere } from '../support/run.ts';

test('each command that is advised runs as it stands', async () => {
  const home = await mkdtemp(join(tmpdir(), 'lhf-advice-'));
  await using net = await openLocalhostForward([], { strategy: 'nftables', verify: false });
  await using container = await startNode();
  const given: Readonly<Record<string, string>> = {
    $DOCKER_HOST: process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock',
    $NETWORK: net.networkName,
  };
  // As a user's shell has them: this user's sudo asks nothing, and the package is installed.
  const shell = [
    'sudo() { [ "$1" != -n ] || shift; "$@"; }',
    `localhost-forward() { '${process.execPath}' '${projectRoot}dist/cli.js' "$@"; }`,
    'docker() { if [ "$*" = "network prune" ]; then yes | command docker "$@"; else command docker "$@"; fi; }',
  ].join('\n');
  const run = async (text: string): Promise<readonly [string, string]> => {
    const values = commands[text] ?? [];
    const filled = fill(
      text,
      values.map((value) => given[value] ?? value),
    ).replace('<container>', container.id);
    const { exitCode, stdout, stderr } = await execHere(['bash', '-c', `${shell}\n${filled}`], {
      cwd: projectRoot,
      env: { HOME: home },
    });
    return [filled, exitCode === 0 ? 'runs' : `${exitCode}: ${stdout}${stderr}`];
  };
  // It takes the network that others name.
  const last = 'docker network prune';
  const others = Object.keys(commands).filter((text) => text !== last);
  const outcomes = [...(await Promise.all(others.map(run))), await run(last)];
  await rm(home, { recursive: true });
  expect(outcomes.filter(([, outcome]) => outcome !== 'runs')).toEqual([]);
});

const fill = (text: string, values: readonly string[]): string =>
  text.split('${…}').reduce((filled, part, n) => `${filled}${values[n - 1]}${part}`);
