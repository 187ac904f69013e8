import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withLocalhostForward } from 'localhost-forward';

// `docker compose`, or COMPOSE=docker-compose for the older program.
const [program, ...first] = (process.env.COMPOSE ?? 'docker compose').split(' ');

const service = createServer((_request, response) => response.end('3 orders\n'));
service.listen(8088, '127.0.0.1');
await once(service, 'listening');

process.exitCode = await withLocalhostForward(8088, async (net) => {
  // Only `caller` joins the forward's network; the file in the project stays as it is.
  const folder = await mkdtemp(join(tmpdir(), 'compose-'));
  const override = join(folder, 'override.yaml');
  await writeFile(override, net.composeOverride(['caller']));
  const run = async (...command) => {
    const args = [...first, '-f', 'compose.yaml', '-f', override, ...command];
    const [code] = await once(spawn(program, args, { stdio: 'inherit' }), 'exit');
    return code;
  };
  try {
    return await run('up', '--exit-code-from', 'caller', 'caller');
  } finally {
    await run('down');
    await rm(folder, { recursive: true });
  }
});

service.close();
