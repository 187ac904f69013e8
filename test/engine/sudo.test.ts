import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { projectRoot, spawnScript } from '../support/children.ts';
import { renderDifference } from '../support/host-snapshot.ts';
import { snapshotHere } from '../support/leftovers.ts';
import { requirePlace } from '../support/place.ts';
import { execHere, outputOf } from '../support/run.ts';
import { findProgram } from '../../src/command/find-program.ts';
import { renderSudoers } from '../../src/privilege/programs.ts';
import { sudoUser, withRealSudo } from '../support/real-sudo.ts';
import { until } from '../support/until.ts';

let directory: string;
beforeAll(async () => void (directory = await mkdtemp(join(tmpdir(), 'lhf-sudo-'))));
afterAll(() => rm(directory, { recursive: true }));

const opening = `
  import { openLocalhostForward } from 'localhost-forward';
  await using net = await openLocalhostForward(8088, { verify: false });
  console.log('outcome ' + JSON.stringify([net.strategy, net.privilege, net.reasons[0].reason]));
`;

test('a sudo that lets nothing be run but what was tried: the next rung is taken, and the reason tells of it', async () => {
  const { socketPath } = requirePlace();
  const before = await snapshotHere();
  const spawn = await withRealSudo(directory, 'Defaults !use_pty', socketPath, ['/usr/sbin/nft -V']);
  await using script = spawnScript({ source: opening, spawn });
  const [strategy, privilege, reason] = JSON.parse(
    (await script.waitForLine(/^outcome /)).slice('outcome '.length),
  ) as string[];
  expect([strategy, privilege]).toEqual(['nftables', 'container']);
  expect(reason).toMatch(
    /; by a helper container with CAP_NET_ADMIN alone; sudo -n was refused: sudo: a password is required/,
  );
  await script.exit;
  expect(renderDifference(before, await snapshotHere())).toBe('');
});

// What a user does at a terminal, one thing after the other: each opening is a process of its own, as a run of tests is.
const life = `
import { execFileSync, execSync } from 'node:child_process';
const opening = \`
  import { openLocalhostForward } from 'localhost-forward';
  const outcome = await openLocalhostForward(8088, { verify: false, ...JSON.parse(process.argv[1]) }).then(
    async (net) => { await net.close(); return [net.strategy, net.privilege]; },
    ({ code, message }) => [code, message],
  );
  console.log(JSON.stringify(outcome));
\`;
const open = (options) =>
  JSON.parse(execFileSync(process.execPath, ['--input-type=module-typescript', '--eval', opening, JSON.stringify(options)], { stdio: ['inherit', 'pipe', 'inherit'] }));
const say = (what, value) => console.log(what + ' ' + JSON.stringify(value));
execSync('sudo -v && sudo -n true', { stdio: 'inherit' });
say('auto', open({}));
const refused = open({ strategy: 'nftables', privilege: 'sudo' });
say('refused', refused);
execSync(/Try: (.*)$/.exec(refused[1])[1], { stdio: ['inherit', 'ignore', 'inherit'] });
for (const strategy of ['nftables', 'iptables']) say(strategy, open({ strategy }));
say('end', '');
`;

test.each(['Defaults !use_pty', 'Defaults use_pty, requiretty'])(
  'real sudo with `%s`: a ticket of this terminal is no right, the next rung is taken, and the advice gives the right',
  async (defaults) => {
    const { socketPath } = requirePlace();
    const before = await snapshotHere();
    await using script = spawnScript({ source: life, spawn: await withRealSudo(directory, defaults, socketPath) });
    await script.waitForLine(/^end/);
    const told = (what: string): unknown =>
      JSON.parse(script.lines.find((line) => line.startsWith(`${what} `))?.slice(what.length) ?? 'null');
    expect(told('auto')).toEqual(['nftables', 'container']);
    expect(told('refused')).toEqual([
      'LHF_ERR_PRIVILEGE',
      expect.stringMatching(/sudo -n does not work for this user/) as string,
    ]);
    expect(told('nftables')).toEqual(['nftables', 'sudo']);
    expect(told('iptables')).toEqual(['iptables', 'sudo']);
    expect(renderDifference(before, await snapshotHere())).toBe('');
  },
);

describe('with no more than the documented lines of sudoers', () => {
  const lines = renderSudoers(sudoUser, (program) => findProgram(program));
  const spawnAllowed = async () => withRealSudo(directory, '', requirePlace().socketPath, lines);

  test.each(['nftables', 'iptables'] as const)(
    '%s opens, proves, follows packets, and leaves nothing',
    async (strategy) => {
      const before = await snapshotHere();
      const spawn = await spawnAllowed();
      const file = `${projectRoot}test/engine/programs/allowed.ts`;
      await using script = spawnScript({
        file,
        args: [strategy, 'close'],
        spawn,
        env: { DEBUG: 'localhost-forward*' },
      });
      expect(await script.waitForLine(/^(?:done|failed)/)).toBe(`done ${strategy} sudo reachable`);
      await script.exit;
      expect(renderDifference(before, await snapshotHere())).toBe('');
      // At its terminal all streams are one. What is tried and does without would be told here.
      expect(
        [...script.lines, script.stderr()].filter((line) => /password is required|not allowed/.test(line)),
      ).toEqual([]);
      expect(script.lines.join('\n')).toMatch(/nft monitor/);

      await using victim = spawnScript({ file, args: [strategy, 'stay'], spawn });
      expect(await victim.waitForLine(/^(?:done|failed)/)).toBe(`done ${strategy} sudo reachable`);
      const pid = Number((await victim.waitForLine(/^pid /)).slice('pid '.length));
      // What drops is named by the kernel's trace, which is followed by sudo, too.
      const drop = ['INPUT', '-i', 'lhf-+', '-d', '127.0.0.0/8', '-p', 'tcp', '-j', 'DROP'];
      await outputOf(execHere, ['iptables', '-I', ...drop]);
      victim.send('diagnose');
      const found = await victim.waitForLine(/^found /);
      await outputOf(execHere, ['iptables', '-D', ...drop]);
      expect(found).toMatch(/^found firewall-input: .*ip filter INPUT: iifname .* drop"/);
      process.kill(pid, 'SIGKILL');
      await until(async () => renderDifference(before, await snapshotHere()) === '', { what: 'all of it to go' });
      let running = 'no look came to its end';
      const isOver = async (): Promise<boolean> => {
        running = (await execHere(['pgrep', '-fa', 'nft (-i|monitor)'])).stdout;
        return running === '';
      };
      await until(isOver, { what: 'what ran as root to end' }).catch(() => expect(running).toBe(''));
    },
  );

  test('anything else is refused', async () => {
    const others = [
      'id',
      'sh -c id',
      'cat /etc/shadow',
      'tee /etc/lhf-not-to-be',
      'tee /proc/sys/net/ipv4/conf/all/route_localnet',
      'tee /proc/sys/net/ipv4/conf/lhf-abcde001/../all/route_localnet',
      'nft -f /etc/shadow',
      'nft -i -I /tmp',
      'nft list ruleset -f /etc/shadow',
      'iptables -w 5 -t nat --modprobe=/tmp/x -S LHF',
      'iptables -w 5 -t nat -S LHF -M/tmp/x',
      'iptables -A INPUT -j ACCEPT',
      'iptables-restore /etc/shadow',
      'tc exec bpf run id',
      'conntrack -F',
      'script /dev/null',
    ];
    const spawn = await spawnAllowed();
    const source = `
      import { spawnSync } from 'node:child_process';
      const run = (words) => spawnSync('sudo', ['-n', ...words.split(' ')], { encoding: 'utf8', input: '' }).status;
      console.log('allowed ' + run('nft list tables'));
      console.log('others ' + JSON.stringify(${JSON.stringify(others)}.filter((words) => run(words) === 0)));
    `;
    await using script = spawnScript({ source, spawn });
    expect(await script.waitForLine(/^allowed/)).toBe('allowed 0');
    expect(await script.waitForLine(/^others/)).toBe('others []');
  });
});
