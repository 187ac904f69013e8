import { describe, expect, it } from 'vitest';
import { parsePortWord, PortSyntaxError } from '../../../src/cli/ports.ts';

describe('a port on the command line', () => {
  it.each([
    ['8088', { hostPort: 8088, protocol: 'tcp' }],
    ['0', { hostPort: 0, protocol: 'tcp' }],
    ['65535', { hostPort: 65_535, protocol: 'tcp' }],
    ['8088:80', { hostPort: 8088, containerPort: 80, protocol: 'tcp' }],
    ['0:80', { hostPort: 0, containerPort: 80, protocol: 'tcp' }],
    ['53/udp', { hostPort: 53, protocol: 'udp' }],
    ['0/udp', { hostPort: 0, protocol: 'udp' }],
    ['5353:53/udp', { hostPort: 5353, containerPort: 53, protocol: 'udp' }],
    ['8088:80/tcp', { hostPort: 8088, containerPort: 80, protocol: 'tcp' }],
  ])('%s', (word, port) => expect(parsePortWord(word)).toEqual(port));

  it.each([
    '',
    ' ',
    '65536',
    '100000',
    '-1',
    '+1',
    '8088 ',
    '80.5',
    '0x50',
    '1e3',
    '8088:0',
    '65536:80',
    '80:65536',
    '80:',
    ':80',
    '80:81:82',
    '80/',
    '80/sctp',
    '80/UDP',
    '80/udp/tcp',
    '127.0.0.1:80',
    'http',
    '８０',
    '80\n81',
  ])('refuses %j and says how to write one', (word) => {
    const parse = (): unknown => parsePortWord(word);
    expect(parse).toThrow(PortSyntaxError);
    expect(parse).toThrow(`8088:80 (host:container), 0 or 53/udp, got '${word}'`);
  });
});

it('a word after a port that is none is a command without its --', () => {
  expect(() => parsePortWord('npm', false)).toThrow("a command comes after '--', and 'npm' is no port");
  expect(() => parsePortWord('npm')).toThrow(/^expected a port such as/);
});
