import { expect, test } from 'vitest';
import { projectRoot } from '../../support/children.ts';
import { execHere, outputOf } from '../../support/run.ts';

test('gRPC is loaded by the first build that needs it, ssh2 by the first call over ssh, and both by nothing else', async () => {
  const program = `
    import { createRequire } from 'node:module';
    import { openDocker } from '${projectRoot}src/engine/client.ts';
    const require = createRequire('${projectRoot}src/engine/client.ts');
    const loaded = () => ['@grpc', '/ssh2/'].map((part) => Object.keys(require.cache).some((path) => path.includes(part))).join();
    const docker = openDocker({ socketPath: '/nonexistent/docker.sock' });
    const before = loaded();
    const told = await docker.buildImage({ context: '${projectRoot}', src: ['package.json'] }, { version: '2' }).catch((error) => error.code);
    console.log(before, loaded(), told);
    const far = await openDocker({ protocol: 'ssh', host: '127.0.0.1', port: 1, username: 'nobody' }).ping().catch((error) => error.code);
    console.log(loaded(), far);
    openDocker({ socketPath: '/nonexistent/docker.sock' });
    console.log(typeof require('dockerode/lib/session'), require('dockerode/lib/session').length);`;
  const said = await outputOf(execHere, [process.execPath, '--input-type=module', '--eval', program]);
  expect(said).toBe('false,false true,false ENOENT\ntrue,true ECONNREFUSED\nfunction 3\n');
});
