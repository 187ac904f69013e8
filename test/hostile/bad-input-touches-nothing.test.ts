import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { LocalhostForwardError } from '../../src/errors.ts';
import { badInputs, firstLineFor } from '../unit/support/bad-input.ts';

// An engine that writes down who calls, and programs that write down that they ran.
const folder = mkdtempSync(join(tmpdir(), 'lhf-nothing-'));
const record = join(folder, 'touched');
const engine = createServer((socket) => {
  appendFileSync(record, 'engine\n');
  socket.destroy();
});
const touched = (): string => (existsSync(record) ? readFileSync(record, 'utf8') : '');

vi.mock('../../src/command/find-program.ts', async (original) => ({
  ...(await original<object>()),
  findProgram: (name: string) => join(folder, name),
}));

type Open = (ports: unknown, options?: unknown) => Promise<unknown>;
let open: Open;

beforeAll(async () => {
  for (const name of ['nft', 'iptables', 'iptables-save', 'iptables-restore', 'sudo', 'tee', 'sysctl', 'sh']) {
    writeFileSync(join(folder, name), `#!/bin/sh\necho ${name} >> ${record}\nexit 1\n`, { mode: 0o755 });
  }
  const socket = join(folder, 'docker.sock');
  await new Promise<void>((resolve) => {
    engine.listen(socket, resolve);
  });
  vi.stubEnv('DOCKER_HOST', `unix://${socket}`);
  open = (await import('../../src/forward/open.ts')).openLocalhostForward as Open;
});

afterAll(() => {
  vi.unstubAllEnvs();
  engine.close();
  rmSync(folder, { recursive: true });
});

it.each(badInputs.map((row, index) => ({ index, ...row })))(
  '$index: $message',
  async ({ ports, options, env = {}, message }) => {
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    try {
      const error = (await open(ports, options).catch((thrown: unknown) => thrown)) as LocalhostForwardError;
      expect(error.code).toBe('LHF_ERR_INVALID_OPTION');
      expect(firstLineFor(message, error)).toBe(message);
      expect(touched()).toBe('');
    } finally {
      for (const name of Object.keys(env)) vi.stubEnv(name, undefined);
    }
  },
);

it('good input touches both, so that the traps are known to work', async () => {
  await expect(open([], { verify: false })).rejects.toMatchObject({ code: 'LHF_ERR_DOCKER_UNAVAILABLE' });
  expect(touched()).toMatch(/^engine$/m);
  expect(touched()).toMatch(/^nft$/m);
});
