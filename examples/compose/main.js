import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { withLocalhostForward } from 'localhost-forward';

// `docker compose`, or COMPOSE=docker-compose for the older program.
const [program, ...first] = (process.env.COMPOSE ?? 'docker compose').split(' ');

const service = createServer((_request, response) => response.end('3 orders\n'));
service.listen(8088, '127.0.0.1');
await once(service, 'listening');

process.exitCode = await withLocalhostForward(8088, async (net) => {
  const run = async (...command) => {
    const child = spawn(program, [...first, '-f', 'compose.yaml', '-f', '-', ...command], {
      stdio: ['pipe', 'inherit', 'inherit'],
    });
    // Only `caller` joins the forward's network; the file on disk stays as it is.
    child.stdin.end(net.composeOverride(['caller']));
    const [code] = await once(child, 'exit');
    return code;
  };
  try {
    return await run('up', '--exit-code-from', 'caller', 'caller');
  } finally {
    await run('down');
  }
});

service.close();
