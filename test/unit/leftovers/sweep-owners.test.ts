import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sweepOwners } from '../../../src/leftovers/sweep-owners.ts';
import { readOwner, renderSession, type Owner } from '../../../src/ownership/owner.ts';
import { socketFolders } from '../../../src/strategies/carrier/folders.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lhf-sweep-owners-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const here = 'aaaaaa';
const other = 'bbbbbb';
const elsewhere = { pidNamespace: 1 };
const now = Date.parse('2026-06-01T00:00:00Z');
const hour = 60 * 60 * 1000;

/** Sweeps a folder in a /tmp that several engines' processes share, by the engine `here`. */
const sweepFolder = async (owner: Partial<Owner>, { all = false, hours = 1 } = {}) => {
  const { nonce, ...rest } = { ...readOwner(), nonce: 'abcde', ...owner };
  const session = renderSession({ nonce, ...rest });
  const mark = { kind: 'folder', name: folder, origin: socketFolders.name, nonce, session, bridges: [] } as const;
  const marks = [{ ...mark, created: now - hours * hour }];
  const tools = { engine: { docker: {} as never, owner: { engine: here } }, privileges: undefined };
  const { removed, spared, failed } = await sweepOwners([{ session, nonce, marks }], tools, { all, now });
  return { removed: removed.length, spared: spared.length, failed: failed.length };
};

const nothing = { removed: 0, spared: 0, failed: 0 };

describe('a folder in a /tmp that is shared', () => {
  test('of another engine’s owner elsewhere is nobody’s business, whatever is asked for', async () => {
    expect(await sweepFolder({ ...elsewhere, engine: other })).toEqual(nothing);
    expect(await sweepFolder({ ...elsewhere, engine: other }, { all: true })).toEqual(nothing);
    expect(existsSync(folder)).toBe(true);
  });

  test.each<[string, Partial<Owner>]>([
    ['this engine’s owner elsewhere', { ...elsewhere, engine: here }],
    ['an owner elsewhere that does not tell its engine', elsewhere],
    ['a living owner here, whatever its engine', { engine: other }],
  ])('of %s is spared and told', async (_, owner) => {
    expect(await sweepFolder(owner)).toEqual({ ...nothing, spared: 1 });
  });

  test('of anybody’s goes when it is old', async () => {
    expect(await sweepFolder({ ...elsewhere, engine: other }, { hours: 25 })).toEqual({ ...nothing, removed: 1 });
    expect(existsSync(folder)).toBe(false);
  });
});
