import { expect, test } from 'vitest';
import { loaderOptions } from '../../../src/lifecycle/loader-options.ts';

test.each<[string, readonly string[], string, string[]]>([
  ['nothing', [], '', []],
  [
    'what Yarn sets',
    [],
    '--require /p/.pnp.cjs --experimental-loader file:///p/.pnp.loader.mjs',
    ['--require=/p/.pnp.cjs', '--experimental-loader=file:///p/.pnp.loader.mjs'],
  ],
  ['a path with spaces', [], String.raw`--require "/a b/\"c\"/.pnp.cjs"`, ['--require=/a b/"c"/.pnp.cjs']],
  [
    'none of the user’s own',
    ['--import', '/p/instrument.mjs', '--inspect', '-r', '/p/not.pnp.cjs'],
    '--max-old-space-size=64 --require=/p/dotenv/config --enable-source-maps',
    [],
  ],
  ['node’s own arguments, each once', ['-r', '/p/.pnp.cjs'], '--require=/p/.pnp.cjs', ['--require=/p/.pnp.cjs']],
  ['an option without its value', ['--require'], '', []],
])('of Node’s options the guardian gets %s', (_what, execArgv, nodeOptions, expected) => {
  expect(loaderOptions(execArgv, nodeOptions)).toEqual(expected);
});
