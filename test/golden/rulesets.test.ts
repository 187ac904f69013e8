import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { renderAnew, renderChange, type ChainedBridges } from '../../src/strategies/netfilter/iptables/rules.ts';
import {
  elementsOf,
  tableNamesOf,
  renderChange as renderElements,
  renderGuardTable,
  renderOwnedTable,
  renderRemoval,
  type TabledBridge,
} from '../../src/strategies/netfilter/tables/rules.ts';
import { readShellPrograms } from '../../src/command/shell-program.ts';
import { execHere } from '../support/run.ts';

// Whole rulesets, as the kernel lists them in a network namespace of their own. A change of a rule shows here, whole.
const owner = { nonce: 'golde', session: '00000000-00000000-1-1-1-golde' };
const ports = [
  { protocol: 'tcp', containerPort: 80, targetPort: 8088 },
  { protocol: 'udp', containerPort: 53, targetPort: 5353 },
] as const;
const probe = {
  address: '198.18.0.14',
  callers: '198.18.0.2-198.18.0.14',
  usual: ['198.18.0.2', '198.18.0.3'],
  subnet: '198.18.0.0/28',
  gateway: '198.18.0.1',
  trials: [{ protocol: 'tcp', containerPort: 80, targetPort: 40000 }],
} as const;
const another = { protocol: 'udp', containerPort: 161, targetPort: 1161 } as const;
const bridge = 'lhf-golden01';
const other = 'lhf-golden02';

const inNamespace = async (script: string): Promise<string> => {
  const { stdout, stderr, exitCode } = await execHere(['unshare', '--net', 'sh', '-c', script]);
  expect(exitCode, stderr).toBe(0);
  return (
    stdout
      .replaceAll(/^#.*\n/gm, '')
      .replaceAll(/ # progname .*/g, '')
      .replaceAll(/^(:\S+ \S+) \[\d+:\d+\]$/gm, '$1')
      // The kernel lists a set in the order of its hash table, whose seed is drawn anew each time.
      .replaceAll(
        /elements = \{([^}]*)\}/g,
        (_, elements: string) =>
          `elements = { ${elements
            .split(',')
            .map((one) => one.trim())
            .toSorted()
            .join(', ')} }`,
      )
  );
};

const golden = (name: string): Promise<string> => readFile(new URL(`${name}.txt`, import.meta.url), 'utf8');

describe('nftables', () => {
  const tables = tableNamesOf(owner.nonce, owner.session);
  const nft = (commands: readonly string[]): Promise<string> =>
    inNamespace(`HOME=/nonexistent nft -i <<'END'\n${[...commands, 'list ruleset'].join('\n')}\nEND`);
  const bare = [...renderGuardTable(tables, { replaces: true }), ...renderOwnedTable(tables)];
  const elements = (rules: Partial<TabledBridge>) =>
    elementsOf(tables, bridge, { ports, probe: undefined, translates: true, ...rules });
  const opened = [...bare, ...renderElements(tables, new Map(), elements({ probe }))];

  it('lists one process with one forward as in nftables.txt', async () => {
    await expect(await nft(opened)).toMatchFileSnapshot('./nftables.txt');
  });

  it('lists what guards beside iptables as in guard.txt', async () => {
    const guarded = renderElements(tables, new Map(), elements({ probe, translates: false }));
    await expect(await nft([...bare, ...guarded])).toMatchFileSnapshot('./guard.txt');
  });

  it('adds and removes a port, and another forward, without a trace', async () => {
    const more = elements({ probe, ports: [...ports, another] });
    const two = elementsOf(tables, other, { ports, probe: undefined, translates: true });
    const changes = [
      ...renderElements(tables, elements({ probe }), new Map([...more, ...two])),
      ...renderElements(tables, new Map([...more, ...two]), elements({ probe })),
    ];
    await expect(await nft([...opened, ...changes])).toMatchFileSnapshot('./nftables.txt');
  });

  it('cuts ports and brings them back, after which packets are still asked for it, as in faults.txt', async () => {
    const modes = ['refuse', 'reset', 'drop'] as const;
    const states = modes.map((cut) => elements({ probe, ports: ports.map((port) => ({ ...port, cut })) }));
    const steps = [elements({ probe }), ...states, elements({ probe })];
    const changes = steps.slice(1).flatMap((step, n) => renderElements(tables, steps[n] ?? step, step));
    expect(changes.filter((line) => line.includes('cut_'))).toHaveLength(modes.length);
    await expect(await nft([...opened, ...changes])).toMatchFileSnapshot('./faults.txt');
  });

  it('asks packets for cuts and delays once there is one, and not before', () => {
    const asking = (change: readonly string[]): number =>
      change.filter((line) => / vmap @cuts| map @slowed/.test(line)).length;
    expect(asking(opened)).toBe(0);
    for (const fault of [{ cut: 'drop' }, { classId: '1:2' }] as const) {
      const disturbed = elements({ probe, ports: ports.map((port) => ({ ...port, ...fault })) });
      expect(asking(renderElements(tables, elements({ probe }), disturbed))).toBe(5);
      expect(asking(renderElements(tables, disturbed, elements({ probe })))).toBe(0);
    }
  });

  it('seals a hermetic network as in hermetic.txt, and whoever comes after it', async () => {
    const sealed = elements({ probe, isHermetic: true });
    const two = elementsOf(tables, other, { ports: [], probe: undefined, translates: true, isHermetic: true });
    const [first, second] = [sealed, two].map((one) => renderElements(tables, new Map(), one));
    const [all, one] = [new Map([...sealed, ...two]), sealed];
    const changes = [...(first ?? []), ...(second ?? []), ...renderElements(tables, all, one)];
    await expect(await nft([...bare, ...changes])).toMatchFileSnapshot('./hermetic.txt');
  });

  it('leaves nothing when the last one goes', async () => {
    expect(await nft([...opened, ...renderRemoval(tables)])).toBe('');
  });
});

describe('iptables', () => {
  const nowhere = { isShared: false, doors: [], ways: [], isOthersToo: false, detours: [] };
  const tables = ['raw', 'nat'] as const;
  const one: ChainedBridges = new Map([[bridge, { ports, probe: undefined }]]);
  const probed: ChainedBridges = new Map([[bridge, { ports, probe }]]);
  const both: ChainedBridges = new Map([...probed, [other, { ports: [...ports, another], probe: undefined }]]);
  const restore = (lines: readonly string[]): string =>
    `iptables-restore --noflush <<'END' || exit 1\n${lines.join('\n')}\nEND\n`;
  const change = (from: ChainedBridges, to: ChainedBridges): string =>
    restore(tables.flatMap((table) => renderChange(table, from, to, owner)));
  const opened = restore(tables.flatMap((table) => renderAnew(table, one, [], owner, nowhere))) + change(one, probed);
  // As the holder does it at its process's end.
  const remove = (nonce: string, bridges: string): string => {
    const tail = `SUDO= NONCE=${nonce} OPEN="${bridges}"\nfor t in raw nat; do lhf_take_out $t; lhf_last_out $t; done\n`;
    const program = `${readShellPrograms('as-root', 'iptables')}\n${tail}`;
    return `sh -c '${program.replaceAll("'", String.raw`'\''`)}' || exit 1\n`;
  };

  it('lists one process with one forward as in iptables.txt', async () => {
    await expect(await inNamespace(`${opened} iptables-save`)).toMatchFileSnapshot('./iptables.txt');
  });

  it('adds and removes a port, and another forward, without a trace', async () => {
    const script = `${opened}${change(probed, both)}${change(both, probed)} iptables-save`;
    await expect(await inNamespace(script)).toMatchFileSnapshot('./iptables.txt');
  });

  it('is put back as it was, whatever is left of it', async () => {
    const way = `$(iptables -t nat -S LHF > /dev/null && echo there)`;
    const again = tables.flatMap((table) => renderAnew(table, probed, [other], owner, { ...nowhere, isShared: true }));
    const flushed = `for t in raw nat; do iptables -t $t -F; done; [ "${way}" = there ] || exit 1\n`;
    const saved = await inNamespace(`${opened}${change(probed, both)}${flushed}${restore(again)} iptables-save`);
    expect(saved.split('\n').toSorted()).toEqual((await golden('iptables')).split('\n').toSorted());
  });

  it('is removed by its names, and what others have stays byte for byte', async () => {
    const theirs =
      'iptables -t nat -A PREROUTING -p tcp --dport 1 -m comment --comment "not lhf: mine" -j RETURN; iptables -N LHFOREIGN; iptables -t raw -A PREROUTING -p tcp --dport 2 -j ACCEPT\n';
    const before = await inNamespace(`${theirs} iptables-save`);
    expect(await inNamespace(`${theirs}${opened}${remove(owner.nonce, bridge)} iptables-save`)).toBe(before);
  });

  it('is removed though somebody flushed part of it, though some of it never was, and once more', async () => {
    const half = `iptables -t nat -F LHF; iptables -t raw -F LHF-golde; iptables -t raw -X LHF-${bridge}\n`;
    const gone = remove(owner.nonce, `${bridge} lhf-goldenxx`);
    expect(await inNamespace(`${opened}${half}${gone}${gone} iptables-save | grep LHF; true`)).toBe('');
  });

  it('takes what a user led to its chain along', async () => {
    const detour = `iptables -t nat -I PREROUTING 1 -i ${bridge} -m comment --comment lhf:${bridge} -j LHF-${bridge}\n`;
    expect(await inNamespace(`${opened}${detour}${remove(owner.nonce, bridge)} iptables-save | grep LHF; true`)).toBe(
      '',
    );
  });

  it('leaves what all share to another process, whose packets still meet one rule', async () => {
    const neighbour = { nonce: 'neigh', session: '00000000-00000000-1-1-1-neigh' };
    const theirs: ChainedBridges = new Map([['lhf-neighb01', { ports, probe: undefined }]]);
    const beside = { ...nowhere, isShared: true, doors: ['there'] };
    const entered = restore(tables.flatMap((table) => renderAnew(table, theirs, [], neighbour, beside)));
    const listed = await inNamespace(`${opened}${entered}${remove(owner.nonce, bridge)} iptables-save`);
    expect(listed).not.toContain('golde');
    expect(listed.match(/^-A PREROUTING .*/gm)).toEqual([
      '-A PREROUTING -i lhf-+ -j LHF',
      '-A PREROUTING -i lhf-+ -m addrtype --dst-type LOCAL -j LHF',
    ]);
    const after = await inNamespace(
      `${opened}${entered}${remove(owner.nonce, bridge)}${remove('neigh', 'lhf-neighb01')} iptables-save | grep LHF; true`,
    );
    expect(after).toBe('');
  });

  it('takes the shared rule out though two processes that came at once both put it in', async () => {
    const twice = 'iptables -t nat -I PREROUTING -i lhf-+ -m addrtype --dst-type LOCAL -j LHF\n';
    expect(await inNamespace(`${opened}${twice}${remove(owner.nonce, bridge)} iptables-save | grep LHF; true`)).toBe(
      '',
    );
  });
});
