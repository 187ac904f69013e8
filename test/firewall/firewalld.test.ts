import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DoctorReport } from '../../src/doctor/doctor.ts';
import { startEngine } from '../support/engine-daemon.ts';
import { hasFirewalld, openFirewalld, type Firewalld } from '../support/firewalld.ts';
import { startPrivateEngine, type PrivateEngine } from '../support/private-engine.ts';
import { until } from '../support/until.ts';
import { drive, shell, snapshotIn } from './drive.ts';

// The real firewalld, in its strictest zone. What was translated it accepts whatever the zone, so that rules pass it untouched; a relay's
// callers are callers of this host.
const main = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

const doctorIn = async (engine: PrivateEngine): Promise<DoctorReport> => {
  const { stdout } = await engine.exec([process.execPath, main, 'doctor', '--json'], { timeoutMs: 60_000 });
  return JSON.parse(stdout) as DoctorReport;
};

describe.skipIf(!hasFirewalld)('where the engine knows it', () => {
  let engine: PrivateEngine;
  let firewalld: Firewalld;
  beforeAll(async () => {
    engine = await startPrivateEngine({ start: false });
    firewalld = await openFirewalld(engine, 'drop');
    const spawn: PrivateEngine['spawn'] = (argv, options) => engine.spawn(argv, { ...options, env: firewalld.env });
    await startEngine({ ...engine, spawn }, []);
  });
  afterAll(async () => {
    await firewalld?.[Symbol.asyncDispose]();
    await engine?.stop();
  });

  it.each(['nftables', 'iptables', 'relay'] as const)(
    '%s works, also after it was loaded anew, and leaves nothing',
    async (strategy) => {
      await using net = drive(engine, { strategy, service: { host: '127.0.0.1' } });
      const { ok } = await net.open();
      const isInZone = async (): Promise<boolean> =>
        (await firewalld.run('--zone=docker', '--list-interfaces')).includes(ok?.bridgeName ?? 'none');
      expect(await isInZone()).toBe(true);
      await firewalld.run('--reload');
      // The engine puts its bridges back in its own time.
      await until(isInZone, { what: 'the bridge in its zone' });
      expect(await net.verify()).toHaveProperty('ok');
      expect(await net.diagnose()).toMatchObject({ reachable: true });
      await net.close();
      // Engines put rules of networks that are gone in again at each reload: theirs are not looked at.
      const ours = Object.values(await snapshotIn(engine))
        .flat()
        .filter((line) => /lhf[_:]|LHF/.test(line));
      expect(ours).toEqual([]);
    },
  );

  it('doctor names it', async () => {
    const { firewall } = await doctorIn(engine);
    expect(firewall).toMatchObject({ firewalld: true, ufw: false });
  });
});

describe.skipIf(!hasFirewalld)('where the engine does not know it', () => {
  let engine: PrivateEngine;
  let firewalld: Firewalld;
  beforeAll(async () => {
    engine = await startPrivateEngine({ start: false });
    firewalld = await openFirewalld(engine, 'drop');
    await engine.startEngine();
  });
  afterAll(async () => {
    await firewalld?.[Symbol.asyncDispose]();
    await engine?.stop();
  });

  it('what was translated comes through its zone that drops', async () => {
    await using net = drive(engine, { strategy: 'nftables', service: { host: '127.0.0.1' } });
    expect(await net.open()).toHaveProperty('ok');
    expect((await firewalld.run('--get-active-zones')).trim()).toBe('');
    expect(await net.verify()).toMatchObject({ ok: { accepts: [] } });
    await net.close();
  });

  it('its zone keeps callers from a relay, and the advice mends it', async () => {
    await using net = drive(engine, { strategy: 'relay', verify: false, service: { host: '127.0.0.1' } });
    const { ok } = await net.open();
    const diagnosis = await net.diagnose();
    expect(diagnosis).toMatchObject({ reachable: false, finding: 'firewall-input' });
    expect(await net.verify()).toMatchObject({ code: 'LHF_ERR_UNREACHABLE', diagnosis: { finding: 'firewall-input' } });
    await shell(engine, diagnosis.advice.replace(/^sudo firewall-cmd/, firewalld.command));
    expect(await net.diagnose()).toMatchObject({ reachable: true });
    await net.close();
    await firewalld.run('--zone=trusted', `--remove-interface=${ok?.bridgeName}`);
  });

  it('a rule that somebody gave it for iptables is passed, or named where that is forbidden', async () => {
    const rule = ['ipv4', 'filter', 'INPUT', '0', '-i', 'lhf-+', '-j', 'DROP'];
    await firewalld.run('--direct', '--add-rule', ...rule);
    try {
      await using passing = drive(engine, { strategy: 'nftables', service: { host: '127.0.0.1' } });
      expect(await passing.open()).toHaveProperty('ok');
      await passing.close();
      await using net = drive(
        engine,
        { strategy: 'nftables', verify: false, service: { host: '127.0.0.1' } },
        { LOCALHOST_FORWARD_FIREWALL: 'leave' },
      );
      await net.open();
      const diagnosis = await net.diagnose();
      expect(diagnosis).toMatchObject({ reachable: false, finding: 'firewall-input' });
      expect(diagnosis.sentence).toMatch(/ip filter INPUT\w*: .*drop/);
      await shell(engine, diagnosis.advice.replace(/^sudo /, ''));
      expect(await net.diagnose()).toMatchObject({ reachable: true });
      await net.close();
    } finally {
      await firewalld.run('--direct', '--remove-rule', ...rule);
    }
  });
});
