import { expect, test } from 'vitest';
import { projectRoot } from '../../support/children.ts';
import { execHere, outputOf } from '../../support/run.ts';

test('gRPC is loaded by the first build that needs it, and by nothing else', async () => {
  const program = `
    import { createRequire } from 'node:module';
    import { openDocker } from '${projectRoot}src/engine/client.ts';
    const require = createRequire('${projectRoot}src/engine/client.ts');
    const loaded = () => Object.keys(require.cache).some((path) => path.includes('@grpc'));
    const docker = openDocker({ socketPath: '/nonexistent/docker.sock' });
    const before = loaded();
    const told = await docker.buildImage({ context: '${projectRoot}', src: ['package.json'] }, { version: '2' }).catch((error) => error.code);
    console.log(before, loaded(), told);
    openDocker({ socketPath: '/nonexistent/docker.sock' });
    console.log(typeof require('dockerode/lib/session'), require('dockerode/lib/session').length);`;
  const said = await outputOf(execHere, [process.execPath, '--input-type=module', '--eval', program]);
  expect(said).toBe('false true ENOENT\nfunction 3\n');
});
