import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { Ajv } from 'ajv';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../support/children.ts';
import { renderComposeOverride } from '../../../src/forward/compose.ts';
import { refusalOf } from '../support/refusal.ts';

const target = { networkName: 'lhf-abcde123', hostnames: ['host.docker.internal'], gateway: '198.18.3.17' };

describe('the compose override', () => {
  const service = { networks: ['default', 'lhf-abcde123'], extra_hosts: ['host.docker.internal:198.18.3.17'] };
  const networks = { 'lhf-abcde123': { name: 'lhf-abcde123', external: true } };

  test.each([[['web']], [['web', 'data-base_2.x']], [['web', 'web']], [['1', 'true', 'null', '-', '1e3', '.']]])(
    '%j',
    (names) => {
      expect(parse(renderComposeOverride(names, target))).toEqual({
        services: Object.fromEntries(names.map((name) => [name, service])),
        networks,
      });
    },
  );

  test('those of two forwards lie together', () => {
    const other = parse(renderComposeOverride(['web'], { ...target, networkName: 'lhf-other123' })) as {
      networks: object;
    };
    expect(Object.keys(other.networks)).not.toEqual(Object.keys(networks));
  });

  test('has each name', () => {
    const hostnames = ['host.docker.internal', 'host.testcontainers.internal'];
    const { services } = parse(renderComposeOverride(['web'], { ...target, hostnames })) as {
      services: { web: { extra_hosts: string[] } };
    };
    expect(services.web.extra_hosts).toEqual(hostnames.map((name) => `${name}:198.18.3.17`));
  });

  // The schema of the compose specification (Apache-2.0), as the npm package docker-compose has it, which testcontainers brings.
  test.each([
    ['one name', target],
    ['several names', { ...target, hostnames: ['host.docker.internal', 'host.testcontainers.internal'] }],
    ['a name of the engine', { ...target, gateway: 'host.docker.internal' }],
  ])('is what the specification asks for, with %s', (_, net) => {
    const path = join(projectRoot, 'node_modules/docker-compose/schema/compose-spec.json');
    const ajv = new Ajv({ strict: false, validateFormats: false, validateSchema: false });
    const check = ajv.compile(JSON.parse(readFileSync(path, 'utf8')) as object);
    expect(check(parse(renderComposeOverride(['web', 'db'], net))), JSON.stringify(check.errors)).toBe(true);
    expect(check({ services: { web: { extra_host: [] } } })).toBe(false);
  });

  test('as text', () => {
    expect(renderComposeOverride(['web'], target)).toBe(`services:
  "web":
    networks: ["default", "lhf-abcde123"]
    extra_hosts: ["host.docker.internal:198.18.3.17"]
networks:
  "lhf-abcde123":
    external: true
    name: "lhf-abcde123"
`);
  });

  const phrase = 'the name of a compose service';
  test.each<[unknown, string]>([
    [[], 'Expected `services` to name at least one service, got `[]`'],
    ['web', 'Expected `services` to be an array of service names, got `"web"`'],
    [undefined, 'Expected `services` to be an array of service names, got `undefined`'],
    [['web', ''], `Expected \`services[1]\` to be ${phrase}, got \`""\``],
    [['web', 7], `Expected \`services[1]\` to be ${phrase}, got \`7\``],
    [['a b'], `Expected \`services[0]\` to be ${phrase}, got \`"a b"\``],
    [['web:\n  privileged: true'], `Expected \`services[0]\` to be ${phrase}, got \`"web:\\n  privileged: true"\``],
    [['web\n'], `Expected \`services[0]\` to be ${phrase}, got \`"web\\n"\``],
    [['${HOME}'], `Expected \`services[0]\` to be ${phrase}, got \`"\${HOME}"\``],
  ])('%j is refused', (names, message) => {
    expect(refusalOf(() => renderComposeOverride(names as string[], target))).toMatchObject({
      code: 'LHF_ERR_INVALID_OPTION',
      message,
    });
  });
});
