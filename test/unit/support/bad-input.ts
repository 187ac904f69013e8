import { isLocalhostForwardError } from '../../../src/errors.ts';

/** One thing that a user may get wrong, and the path or variable that the error must name. */
export interface BadInput {
  readonly name: string;
  readonly path: string;
  readonly ports: unknown;
  readonly options?: unknown;
  readonly env?: Readonly<Record<string, string>>;
  /** Further words of the message. */
  readonly says?: string;
}

type Row = readonly [name: string, path: string, value: unknown, says?: string];

const ports: Row[] = [
  ['none', 'ports', undefined],
  ['null', 'ports', null],
  ['a string', 'ports', '8088', 'got `"8088"`'],
  ['a boolean', 'ports', true],
  ['a function', 'ports', () => 8088],
  ['a bigint', 'ports', 8088n],
  ['a negative number', 'ports', -1, 'an integer from 0 to 65535, got `-1`'],
  ['minus zero', 'ports', -0],
  ['beyond the last', 'ports', 65_536],
  ['a fraction', 'ports', 80.5],
  ['not a number', 'ports', NaN],
  ['infinity', 'ports', Infinity],
  ['a map', 'ports', new Map([['hostPort', 8088]])],
  ['an object without a host port', 'ports.hostPort', {}],
  ['a promise', 'ports', Promise.resolve(8088)],
  ['a string in a list', 'ports[1]', [8088, '80']],
  ['a list in a list', 'ports[0]', [[8088]]],
  ['a hole', 'ports[1]', Object.assign([8088], { 2: 8089 })],
  ['null in a list', 'ports[0]', [null]],
  ['a host port too large', 'ports[1].hostPort', [8088, { hostPort: 70_000 }], 'an integer from 0 to 65535, got `70000`'],
  ['a host port as text', 'ports.hostPort', { hostPort: '8088' }],
  ['a null host port', 'ports.hostPort', { hostPort: null }],
  ['container port 0', 'ports.containerPort', { hostPort: 8088, containerPort: 0 }, 'an integer from 1 to 65535'],
  ['a container port too large', 'ports.containerPort', { hostPort: 8088, containerPort: 65_536 }],
  ['a null container port', 'ports.containerPort', { hostPort: 8088, containerPort: null }],
  ['another protocol', 'ports.protocol', { hostPort: 8088, protocol: 'sctp' }, "one of 'tcp', 'udp'"],
  ['a protocol in capitals', 'ports.protocol', { hostPort: 8088, protocol: 'TCP' }],
  ['protocols in a list', 'ports.protocol', { hostPort: 8088, protocol: ['tcp'] }],
  ['any address', 'ports.hostAddress', { hostPort: 8088, hostAddress: '0.0.0.0' }],
  ['localhost by name', 'ports.hostAddress', { hostPort: 8088, hostAddress: 'localhost' }],
  ['a misspelt key', 'ports.hostport', { hostport: 8088 }, 'Did you mean `hostPort`?'],
  ['a misspelt key in a list', 'ports[0].contanerPort', [{ hostPort: 1, contanerPort: 2 }], 'Did you mean `containerPort`?'],
  ['a key like none', 'ports.x', { hostPort: 8088, x: 1 }, 'Known are `hostPort`, `containerPort`'],
  ['one port twice', 'ports[1]', [8088, 8088], 'tcp 8088 again, which `ports[0]` has'],
  ['a container port twice', 'ports[2]', [{ hostPort: 1, containerPort: 80 }, 81, { hostPort: 2, containerPort: 80 }]],
  ['a UDP port twice', 'ports[1]', [1, 2].map((hostPort) => ({ hostPort, containerPort: 53, protocol: 'udp' }))],
  ['too many', 'ports', Array.from({ length: 1025 }, (_, n) => n + 1), 'at most 1024 ports'],
  [
    'a getter that throws',
    'ports.hostPort',
    {
      get hostPort(): number {
        throw new Error('not today');
      },
    },
    'not today',
  ],
];

const hostnames = [
  ['', ' ', 'a b', 'host\n127.0.0.1 evil', 'host:1.2.3.4', 'a,b', '-a', 'a-', 'a..b', '.a', 'a.', 'host_name', 'höst'],
  ['$(reboot)', '`reboot`', 'a;b', '"a', '--privileged', '127.0.0.1', '::1', 'localhost', 'LocalHost', '*.test'],
  ['a'.repeat(64), `${'a.'.repeat(127)}a`, 'host.docker.internal\n', 'a\0b'],
].flat();
const subnets = [
  ['', '198.18.0.0', '198.18.0.0/15', '198.18.0.0/30', '198.18.0.0/-1', '198.18.0.1/28', '198.18.0.0/28 ', '300.0.0.0/28'],
  ['010.0.0.0/24', '198.18.0/24', 'fd00::/64', '127.0.0.0/24', '0.0.0.0/16', '224.0.0.0/24', '169.254.7.0/24'],
].flat();

const options: Row[] = [
  ...hostnames.map((value): Row => [`hostname ${JSON.stringify(value).slice(0, 40)}`, 'options.hostname', { hostname: value }]),
  ['a hostname that is a number', 'options.hostname', { hostname: 1 }],
  ...subnets.map((value): Row => [`subnet ${JSON.stringify(value)}`, 'options.subnet', { subnet: value }]),
  ['a subnet with host bits', 'options.subnet', { subnet: '10.1.2.3/24' }, "the subnet's own address, 10.1.2.0/24"],
  ['a subnet that is an object', 'options.subnet', { subnet: { cidr: '198.18.0.0/28' } }],
  ['a string', 'options', 'nftables'],
  ['a list', 'options', []],
  ['a promise', 'options', Promise.resolve({})],
  ['a map', 'options', new Map()],
  ['a misspelt option', 'stratgey', { stratgey: 'auto' }, 'Did you mean `strategy`?'],
  ['capitals', 'VERIFY', { VERIFY: false }, 'Did you mean `verify`?'],
  ['an option like none', 'colour', { colour: 'blue' }, 'Known are `strategy`, `privilege`'],
  ['a symbol', '"Symbol(x)"', { [Symbol('x')]: 1 }],
  ['an unknown strategy', 'options.strategy', { strategy: 'ebpf' }, "one of 'auto', 'nftables'"],
  ['a null strategy', 'options.strategy', { strategy: null }],
  ['an unknown privilege', 'options.privilege', { privilege: 'doas' }],
  ['verify by a word', 'options.verify', { verify: 'yes' }],
  ['verify null', 'options.verify', { verify: null }],
  ['verify in a list', 'options.verify', { verify: [] }],
  ['no time at all', 'options.verify.timeoutMs', { verify: { timeoutMs: 0 } }],
  ['time as text', 'options.verify.timeoutMs', { verify: { timeoutMs: '5s' } }, 'milliseconds'],
  ['endless time', 'options.verify.timeoutMs', { verify: { timeoutMs: Infinity } }],
  ['a misspelt timeout', 'options.verify.timeout', { verify: { timeout: 5 } }, 'Did you mean `timeoutMs`?'],
  ['an image that is a flag', 'options.verify.image', { verify: { image: '--privileged' } }],
  ['an image with a space', 'options.verify.image', { verify: { image: 'node 24' } }],
  ['a listener by port', 'options.listener', { listener: 8088 }],
  ['a hermetic network', 'options.hermetic', { hermetic: true }],
  ['a socket as text', 'options.docker', { docker: '/var/run/docker.sock' }],
  ['docker null', 'options.docker', { docker: null }],
  ['docker in a list', 'options.docker', { docker: [] }],
  ['docker not awaited', 'options.docker', { docker: Promise.resolve({}) }],
  ['labels in a list', 'options.labels', { labels: ['a=b'] }],
  ['labels in a map', 'options.labels', { labels: new Map([['a', 'b']]) }],
  ['a label that is a number', 'options.labels["a"]', { labels: { a: 1 } }],
  ['a label without a name', 'options.labels[""]', { labels: { '': 'x' } }],
  ['a label of ours', 'options.labels["localhost-forward.session"]', { labels: { 'localhost-forward.session': 'x' } }],
  ['a signal that is its controller', 'options.signal', { signal: new AbortController() }],
  ['a signal by a word', 'options.signal', { signal: 'SIGINT' }],
];

const variables: Row[] = [
  ['a strategy', 'LOCALHOST_FORWARD_STRATEGY', 'ebpf'],
  ['a privilege', 'LOCALHOST_FORWARD_PRIVILEGE', 'ROOT'],
  ['an image', 'LOCALHOST_FORWARD_PROBE_IMAGE', 'node 24; reboot'],
  ['a pool too small', 'LOCALHOST_FORWARD_SUBNET_POOL', '198.18.0.0/28', 'from /8 to /24'],
  ['a pool of loopback', 'LOCALHOST_FORWARD_SUBNET_POOL', '127.0.0.0/8'],
  ['a pool with host bits', 'LOCALHOST_FORWARD_SUBNET_POOL', '10.1.1.1/16', '10.1.0.0/16'],
  ['a firewall', 'LOCALHOST_FORWARD_FIREWALL', 'off', "one of 'adapt', 'leave'"],
];

const says = (text: string | undefined): Pick<BadInput, 'says'> => (text === undefined ? {} : { says: text });

/** All of it: no row may touch anything. */
export const badInputs: readonly BadInput[] = [
  ...ports.map(([name, path, value, text]) => ({ name: `ports: ${name}`, path, ports: value, ...says(text) })),
  ...options.map(([name, path, value, text]) => ({ name: `options: ${name}`, path, ports: 8088, options: value, ...says(text) })),
  ...variables.map(([name, path, value, text]) => ({ name: `${path}: ${name}`, path, ports: 8088, env: { [path]: String(value) }, ...says(text) })),
];

/** What an error lacks to be the refusal of a row: nothing, where it is the coded error and names the path between backticks. */
export const lackingIn = (error: unknown, { path, says: words = '' }: Pick<BadInput, 'path' | 'says'>): string[] => {
  if (!isLocalhostForwardError(error)) return ['an error of ours'];
  const { code, message } = error;
  return ['LHF_ERR_INVALID_OPTION', `\`${path}\``, words].filter((part) => !`${code}: ${message}`.includes(part));
};
