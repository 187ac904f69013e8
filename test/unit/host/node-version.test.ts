import { expect, test } from 'vitest';
import { assertNode } from '../../../src/host/node-version.ts';
import manifest from '../../../package.json' with { type: 'json' };

test.each(['20.20.2', '22.11.0', '18.0.0'])('says that Node %s is too old', (version) =>
  expect(() => assertNode(version)).toThrow(
    `This is Node ${version}, and localhost-forward needs ${manifest.engines.node.slice(2)} or later\nTry: nvm install 24`,
  ),
);

test.each(['22.12.0', '23.0.0', '24.21.0', '26.0.0-nightly'])('takes Node %s', (version) =>
  expect(() => assertNode(version)).not.toThrow(),
);
