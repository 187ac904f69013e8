import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  ComposeRefusal,
  joinsNothing,
  refuseDetached,
  refuseFileOptions,
  refuseUnknownServices,
  withComposeFile,
} from '../../../src/cli/compose-files.ts';

const root = mkdtempSync(join(tmpdir(), 'lhf-unit-'));
afterAll(() => rmSync(root, { recursive: true }));

/** A folder of its own with files in it; each is below the root, where no compose file is. */
const folderWith = (...files: readonly (string | readonly [string, string])[]): string => {
  const folder = mkdtempSync(join(root, 'project-'));
  for (const file of files) {
    const [name, text] = typeof file === 'string' ? [file, 'services: {}'] : file;
    writeFileSync(join(folder, name), text);
  }
  return folder;
};

describe('compose in the background', () => {
  it.each([
    ['docker', 'compose', 'up', '-d'],
    ['docker', 'compose', '-p', 'x', 'up', '--build', '-Vd', 'web'],
    ['docker', 'compose', '-f', 'x.yaml', '--ansi=never', 'up', '-d'],
    ['docker-compose', 'up', '--detach'],
    ['/usr/bin/docker', 'compose', 'up', '--wait', 'web'],
  ])('is refused: %s %s %s %s', (...command) => {
    expect(() => refuseDetached(command)).toThrow(ComposeRefusal);
    expect(() => refuseDetached(command)).toThrow(
      /^'compose up (-\w+|--detach|--wait)' ends once all is started, .*: leave '\1' away$/,
    );
  });

  it.each([
    ['docker', 'compose', 'up', '--no-deps', '--detach=false', 'web-d'],
    ['docker', 'compose', 'run', '-d', 'web'],
    ['docker', 'compose', 'down'],
    ['sh', '-c', 'docker compose up -d && npm test'],
    ['docker', 'run', '-d', 'up'],
    ['docker', 'compose', 'run', '--rm', 'dbmate', 'up', '--wait'],
    ['docker', 'compose', '-p', 'up', 'exec', 'web', 'up', '-d'],
  ])('is not seen in: %s %s %s %s', (...command) => {
    expect(() => refuseDetached(command)).not.toThrow();
  });
});

describe('COMPOSE_FILE', () => {
  it.each([
    [['compose.yaml', 'docker-compose.yml'], ['compose.yaml']],
    [['docker-compose.yaml'], ['docker-compose.yaml']],
    [
      ['docker-compose.yml', 'docker-compose.override.yml'],
      ['docker-compose.yml', 'docker-compose.override.yml'],
    ],
  ])('of %j', (files, taken) => {
    const folder = folderWith(...files);
    expect(withComposeFile('/x', folder, {})).toBe([...taken.map((name) => join(folder, name)), '/x'].join(':'));
  });

  it('finds the project above', () => {
    const folder = folderWith('compose.yml');
    const inner = join(folder, 'a/b');
    mkdirSync(inner, { recursive: true });
    expect(withComposeFile('/x', inner, {})).toBe(`${join(folder, 'compose.yml')}:/x`);
  });

  it.each([
    [{ COMPOSE_FILE: 'a.yaml:b.yaml' }, 'a.yaml:b.yaml:/x'],
    [{ COMPOSE_FILE: 'a.yaml|b.yaml', COMPOSE_PATH_SEPARATOR: '|' }, 'a.yaml|b.yaml|/x'],
  ])('goes after those of %j', (env, value) => expect(withComposeFile('/x', folderWith(), env)).toBe(value));

  it.each([
    'COMPOSE_FILE=dev.yaml',
    'COMPOSE_FILE=dev.yaml # mine',
    'export COMPOSE_FILE=dev.yaml',
    "COMPOSE_FILE='dev.yaml' # x",
    'A=1\r\n COMPOSE_FILE = "dev.yaml"\r\nB=2',
    "COMPOSE_FILE='dev.yaml'",
  ])('goes after those of .env: %j', (text) =>
    expect(withComposeFile('/x', folderWith(['.env', text], 'compose.yaml'), {})).toBe('dev.yaml:/x'),
  );

  it('is refused where there is no project', () => {
    const folder = folderWith(['.env', 'A=1']);
    expect(() => withComposeFile('/x', folder, {})).toThrow(
      new ComposeRefusal(`--compose found no compose.yaml in ${folder} or above it, and no COMPOSE_FILE`),
    );
  });
});

it.each([
  ['docker compose -f dev.yaml up', '-f'],
  ['docker compose -p name --file=dev.yaml up', '--file=dev.yaml'],
  ['docker compose --parallel 4 -f dev.yaml up', '-f'],
  ['docker compose -fdev.yaml up', '-fdev.yaml'],
  ['/usr/bin/docker-compose --project-name x --file dev.yaml up', '--file'],
])('%s is refused', (command, option) =>
  expect(() => refuseFileOptions(command.split(' '))).toThrow(
    `with --compose, files are named by COMPOSE_FILE and not by '${option}'`,
  ),
);

it.each(['--project-directory app', '--project-directory=app', '--workdir app'])(
  'docker compose %s up is refused',
  (option) =>
    expect(() => refuseFileOptions(`docker compose ${option} up`.split(' '))).toThrow(
      `the project is that of this folder: go there in place of '${option.replace(/[ =].*/, '')}'`,
    ),
);

it.each([
  'docker compose up',
  'docker-compose logs -f',
  'docker compose -p x logs -f',
  'docker build -f x .',
  'npm test',
])('%s is not', (command) => expect(() => refuseFileOptions(command.split(' '))).not.toThrow());

it.each([
  ['a: b\nservices:\n  web:\n    image: x', ['web'], undefined],
  ['services: { "web": { image: x }, api-2.x: {} }', ['web', 'api-2.x'], undefined],
  ['services:\n  web:\n    image: x', ['web', 'wbe'], 'wbe'],
  ['services:\n  web:\n    image: wbe', ['wbe'], 'wbe'],
  ['include: [other.yaml]\nservices: {}', ['wbe'], undefined],
])('of the project %j the services %j: %s is refused', (text, services, refused) => {
  const act = () => refuseUnknownServices(services, folderWith(['compose.yaml', text]), {});
  if (refused === undefined) expect(act).not.toThrow();
  else expect(act).toThrow(new RegExp(`^--compose ${refused}: no such service in .*compose.yaml$`));
});

it('files that compose would miss are its own matter', () =>
  expect(() => refuseUnknownServices(['web'], folderWith(), { COMPOSE_FILE: 'gone.yaml' })).not.toThrow());

const joining = 'networks: { default: { external: true, name: "${LOCALHOST_FORWARD_NETWORK}" } }';

describe('compose starts services that join no forward', () => {
  it.each([
    [['docker', 'compose', 'up'], 'services: {}', true],
    [['/usr/bin/docker-compose', '-p', 'name', 'up', '-d'], 'services: {}', true],
    [['docker', 'compose', 'run', 'web'], 'services: {}', true],
    [['docker', 'compose', 'up'], joining, false],
    [['docker', 'compose', 'ps'], 'services: {}', false],
    [['docker', 'compose', '-f', 'dev.yaml', 'up'], 'services: {}', false],
    [['npm', 'run', 'up'], 'services: {}', false],
  ])('%j beside %s: %s', (command, text, joins) =>
    expect(joinsNothing(command, folderWith(['compose.yaml', text]), {})).toBe(joins),
  );

  it('is not asked where there is no project, which compose itself says', () =>
    expect(joinsNothing(['docker', 'compose', 'up'], folderWith(), {})).toBe(false));
});
