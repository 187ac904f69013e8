import { expect, it } from 'vitest';
import { sweep, type SweepOptions } from '../../../src/index.ts';

// Before anything is looked for: no engine is asked.
it.each([
  [{ al: true }, 'Unknown option `al`. Did you mean `all`?'],
  [{ all: 'false' }, 'Expected `options.all` to be true or false, got `"false"`'],
  [
    { privilege: 'none' },
    "Expected `options.privilege` to be one of 'auto', 'root', 'sudo', 'container', got `\"none\"`",
  ],
  [{ docker: { sockPath: '/x' } }, 'Unknown key `options.docker.sockPath`. Did you mean `socketPath`?'],
  [{ docker: 'unix:///x' }, 'Expected `options.docker` to be a dockerode instance or its options, got `"unix:///x"`'],
  [{ now: 5 }, 'Expected `options.now` to be a function, got `5`'],
  [null, 'Expected `options` to be an object, got `null`'],
])('a sweep is refused that was told %j', async (options, message) => {
  await expect(sweep(options as unknown as SweepOptions)).rejects.toMatchObject({
    code: 'LHF_ERR_INVALID_OPTION',
    message,
  });
});
