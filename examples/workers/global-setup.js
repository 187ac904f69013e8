import { globalForward } from 'localhost-forward/vitest';

// One network, and a free port of 127.0.0.1 for each of the workers.
export default globalForward([8001, 8002, 8003].map((containerPort) => ({ hostPort: 0, containerPort })));
