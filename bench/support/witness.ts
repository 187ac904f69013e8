import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { docker } from './engine.ts';
import { listIptables, listTables } from './marks.ts';

export interface Gone {
  /** From the death to the beginning of the first look that saw no rule but guards, in milliseconds. */
  readonly rulesMs: number;
  /** To the end of the first look that saw nothing at all: a busy engine answers late. */
  readonly allMs: number;
  /** What was there when nothing more went. */
  readonly stayed: readonly string[];
}

/** When nothing goes for so long, nothing will, in milliseconds. */
const patienceMs = 30_000;
const lookEveryMs = 10;

/** Looks until all that carries a dead process's nonce is gone, or nothing more goes. */
export const awaitGone = async (nonce: string, diedAt: number): Promise<Gone> => {
  let rulesMs: number | undefined;
  let count = Infinity;
  let changedAt = performance.now();
  for (;;) {
    const lookedAt = performance.now();
    const { open, guards } = await listRules(nonce);
    if (open.length === 0) rulesMs ??= lookedAt - diedAt;
    // The engine is asked only when the rules are gone: it has enough to do.
    const objects = open.length === 0 && guards.length === 0 ? await listObjects(nonce) : [];
    const stayed = [...open, ...guards, ...objects];
    const now = performance.now();
    if (stayed.length === 0) return { rulesMs: rulesMs ?? NaN, allMs: now - diedAt, stayed };
    if (stayed.length !== count) [count, changedAt] = [stayed.length, now];
    if (now - changedAt > patienceMs) {
      const all = [...open, ...guards, ...(await listObjects(nonce))];
      return { rulesMs: rulesMs ?? Infinity, allMs: Infinity, stayed: all };
    }
    await delay(objects.length > 0 ? 5 * lookEveryMs : lookEveryMs);
  }
};

// A guard lets nothing through, and stays until its network is gone: nft's by name, of iptables all in the raw table.
const listRules = async (nonce: string): Promise<{ open: string[]; guards: string[] }> => {
  const [tables, lines] = await Promise.all([listTables(), listIptables()]);
  const isOurs = (text: string): boolean => text.includes(nonce);
  const isGuard = (table: string): boolean => table.includes('lhf_guard');
  const rules = lines.filter(({ line }) => isOurs(line));
  const render = ({ table, line }: { table: string; line: string }): string => `iptables ${table} ${line}`;
  return {
    open: [
      ...tables.filter((table) => isOurs(table) && !isGuard(table)).map((table) => `nft table ${table}`),
      ...rules.filter(({ table }) => table !== 'raw').map(render),
    ],
    guards: [
      ...tables.filter((table) => isOurs(table) && isGuard(table)).map((table) => `nft table ${table}`),
      ...rules.filter(({ table }) => table === 'raw').map(render),
    ],
  };
};

/** Begins to watch; `seen` resolves as soon as the engine has removed one of the networks. */
export const watchRemoval = async (networks: readonly string[]): Promise<{ seen: Promise<void> }> => {
  const events = await docker.getEvents({ filters: { type: ['network'], event: ['destroy'] } });
  const seen = new Promise<void>((resolve, reject) => {
    let told = '';
    events.on('error', reject).on('data', (part: Buffer) => {
      told += part.toString();
      if (networks.some((name) => told.includes(`"${name}"`))) resolve();
    });
  });
  // Nobody reads further.
  return { seen: seen.finally(() => (events as Readable).destroy()) };
};

const listNetworks = async (nonce: string): Promise<string[]> =>
  (await docker.listNetworks()).flatMap(({ Name }) => (Name.startsWith(`lhf-${nonce}`) ? [Name] : []));

const listObjects = async (nonce: string): Promise<string[]> => {
  const containers = await docker.listContainers({ all: true, filters: { name: [nonce] } });
  return [...(await listNetworks(nonce)), ...containers.map(({ Names }) => Names[0] ?? '')];
};
