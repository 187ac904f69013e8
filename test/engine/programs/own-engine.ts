// Starts an engine of its own with a running container, says where that is, and lives until it is killed.
import Docker from 'dockerode';
import { startNode } from '../../support/containers.ts';
import { startPrivateEngine } from '../../support/private-engine.ts';

const { directory, socketPath } = await startPrivateEngine();
await startNode({ docker: new Docker({ socketPath }) });
console.log(directory);
