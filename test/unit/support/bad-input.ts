interface BadInput {
  readonly ports: unknown;
  readonly options?: unknown;
  readonly env?: Readonly<Record<string, string>>;
  readonly message: string;
}

const throwing = (): never => {
  throw new Error('from the getter');
};
const revoked = <T extends object>(target: T): T => {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
};
const ownProto: unknown = JSON.parse('{"__proto__": 1}');
const port = 'an integer from 0 to 65535';
const dialled = 'an integer from 1 to 65535';
const item = 'a port, as a number or { hostPort, containerPort }';
const name = 'a host name such as host.docker.internal';
const protocol = "one of 'tcp', 'udp'";
const address = "one of '127.0.0.1', '::1'";
const listener = 'true, false or a function (request, response)';
const notLocalhost = 'a name other than localhost, which is the container itself';
const cidr = 'an IPv4 subnet from /16 to /29';
const unicast = 'outside of 0.0.0.0/8, 127.0.0.0/8, 169.254.0.0/16, 224.0.0.0/3';
const image = 'the name of an image such as node:24-alpine';
const verify = 'true, false or { timeoutMs, image }';
const timeout = 'an integer from 1 to 600000 milliseconds';
const strategy = "one of 'auto', 'nftables', 'iptables', 'relay', 'sidecar', 'tunnel', 'native'";
const privilege = "one of 'auto', 'root', 'sudo', 'container', 'none'";
const dockerode = 'a dockerode instance or its options';

const expected = (path: string, what: string, got: string): string => `Expected \`${path}\` to be ${what}, got ${got}`;

const badPorts: [unknown, string][] = [
  [undefined, expected('ports', item, '`undefined`')],
  [null, expected('ports', item, '`null`')],
  ['8088', expected('ports', item, '`"8088"`')],
  ['', expected('ports', item, '`""`')],
  [true, expected('ports', item, '`true`')],
  [8088n, expected('ports', item, '`8088n`')],
  [Symbol('port'), expected('ports', item, '`Symbol(port)`')],
  [() => 8088, expected('ports', item, '`[Function (anonymous)]`')],
  [new Map([[80, 8088]]), expected('ports', item, '`Map(1) { 80 => 8088 }`')],
  [Promise.resolve(8088), expected('ports', item, '`Promise { 8088 }`')],
  [-1, expected('ports', port, '`-1`')],
  [65_536, expected('ports', port, '`65536`')],
  [80.5, expected('ports', port, '`80.5`')],
  [Infinity, expected('ports', port, '`Infinity`')],
  [NaN, expected('ports', port, '`NaN`')],
  [[8088, NaN], expected('ports[1]', port, '`NaN`')],
  [[8088, null], expected('ports[1]', item, '`null`')],
  [[[8088]], expected('ports[0]', item, '`[ 8088 ]`')],
  // eslint-disable-next-line no-sparse-arrays
  [[, 8088], expected('ports[0]', item, '`undefined`')],
  [['8088'], expected('ports[0]', item, '`"8088"`')],
  [[8088, { hostPort: 70_000 }], expected('ports[1].hostPort', port, '`70000`')],
  [{ hostPort: 70_000 }, expected('ports.hostPort', port, '`70000`')],
  [{ hostPort: '80' }, expected('ports.hostPort', port, '`"80"`')],
  [{}, expected('ports.hostPort', port, '`undefined`')],
  [{ hostPort: undefined }, expected('ports.hostPort', port, '`undefined`')],
  [{ containerPort: 80 }, expected('ports.hostPort', port, '`undefined`')],
  [{ hostPort: 80, containerPort: 0 }, expected('ports.containerPort', dialled, '`0`')],
  [{ hostPort: 80, containerPort: -0 }, expected('ports.containerPort', dialled, '`-0`')],
  [{ hostPort: 80, containerPort: null }, expected('ports.containerPort', dialled, '`null`')],
  [{ hostPort: 80, protocol: 'sctp' }, expected('ports.protocol', protocol, '`"sctp"`')],
  [{ hostPort: 80, protocol: 'TCP' }, expected('ports.protocol', protocol, '`"TCP"`')],
  [{ hostPort: 80, hostAddress: '0.0.0.0' }, expected('ports.hostAddress', address, '`"0.0.0.0"`')],
  [[80, { hostPort: 81, hostport: 82 }], 'Unknown key `ports[1].hostport`. Did you mean `hostPort`?'],
  [{ hostPort: 80, containrPort: 81 }, 'Unknown key `ports.containrPort`. Did you mean `containerPort`?'],
  [
    { hostPort: 80, name: 'web' },
    'Unknown key `ports.name`. Known are `hostPort`, `containerPort`, `protocol`, `hostAddress`',
  ],
  [Array.from({ length: 1025 }, (_, index) => index + 1), expected('ports', 'at most 1024 ports', '`1025`')],
  [Object.assign([], { length: 2 ** 32 - 1 }), expected('ports', 'at most 1024 ports', '`4294967295`')],
  [[80, 81, 80], 'Expected `ports[2]` to have a container port of its own, got tcp 80 again, which `ports[0]` has'],
  [
    [53, { hostPort: 5353, containerPort: 53, protocol: 'udp' }, { hostPort: 0, containerPort: 53, protocol: 'udp' }],
    'Expected `ports[2]` to have a container port of its own, got udp 53 again, which `ports[1]` has',
  ],
  [
    {
      get hostPort() {
        return throwing();
      },
    },
    'Reading `ports.hostPort` threw: from the getter',
  ],
  [revoked([80]), 'Expected `ports` to be a port, as a number or { hostPort, containerPort }, got'],
  [revoked({ hostPort: 80 }), 'Expected `ports` to be a port, as a number or { hostPort, containerPort }, got'],
];

const badOptions: [unknown, string][] = [
  [[], expected('options', 'an object', '`[]`')],
  [false, expected('options', 'an object', '`false`')],
  ['auto', expected('options', 'an object', '`"auto"`')],
  [new Map(), expected('options', 'an object', '`Map(0) {}`')],
  [Promise.resolve({}), expected('options', 'an object', '`Promise { {} }`')],
  [async () => {}, expected('options', 'an object', '`[AsyncFunction (anonymous)]`')],
  [{ verfy: false }, 'Unknown option `verfy`. Did you mean `verify`?'],
  [{ Strategy: 'auto' }, 'Unknown option `Strategy`. Did you mean `strategy`?'],
  [{ stratgey: undefined }, 'Unknown option `stratgey`. Did you mean `strategy`?'],
  [
    { retries: 3 },
    'Unknown option `retries`. Known are `strategy`, `privilege`, `verify`, `listener`, `hermetic`, `hostname`, `subnet`, `docker`, `labels`, `signal`',
  ],
  [{ toString: 1 }, 'Unknown option `toString`. Known are'],
  [ownProto, 'Unknown option `__proto__`. Known are'],
  [{ 'a b': 1 }, 'Unknown option `"a b"`. Known are'],
  [{ strategy: 'nftable' }, expected('options.strategy', strategy, '`"nftable"`')],
  [{ strategy: null }, expected('options.strategy', strategy, '`null`')],
  [{ strategy: ['nftables'] }, expected('options.strategy', strategy, "`[ 'nftables' ]`")],
  [{ privilege: 'admin' }, expected('options.privilege', privilege, '`"admin"`')],
  [{ verify: 'yes' }, expected('options.verify', verify, '`"yes"`')],
  [{ verify: null }, expected('options.verify', verify, '`null`')],
  [{ verify: 5000 }, expected('options.verify', verify, '`5000`')],
  [{ verify: [] }, expected('options.verify', 'an object', '`[]`')],
  [{ verify: { timeoutMs: 0 } }, expected('options.verify.timeoutMs', timeout, '`0`')],
  [{ verify: { timeoutMs: 600_001 } }, expected('options.verify.timeoutMs', timeout, '`600001`')],
  [{ verify: { timeoutMs: 1.5 } }, expected('options.verify.timeoutMs', timeout, '`1.5`')],
  [{ verify: { timeoutMs: '5s' } }, expected('options.verify.timeoutMs', timeout, '`"5s"`')],
  [{ verify: { timeout: 1 } }, 'Unknown key `options.verify.timeout`. Did you mean `timeoutMs`?'],
  [{ verify: { image: '' } }, expected('options.verify.image', image, '`""`')],
  [{ verify: { image: '--privileged' } }, expected('options.verify.image', image, '`"--privileged"`')],
  [{ verify: { image: 'node:24 sh' } }, expected('options.verify.image', image, '`"node:24 sh"`')],
  [{ verify: { image: 'Node:24' } }, expected('options.verify.image', image, '`"Node:24"`')],
  [{ verify: { image: 'node:24\n' } }, expected('options.verify.image', image, '`"node:24\\n"`')],
  [{ verify: { image: 'node@sha256:12' } }, expected('options.verify.image', image, '`"node@sha256:12"`')],
  [{ verify: { image: 'a'.repeat(513) } }, `Expected \`options.verify.image\` to be ${image}, got \`"aaa`],
  [{ listener: 'on' }, expected('options.listener', listener, '`"on"`')],
  [{ listener: {} }, expected('options.listener', listener, '`{}`')],
  [{ hermetic: 'yes' }, expected('options.hermetic', 'true or false', '`"yes"`')],
  [{ hostname: '' }, expected('options.hostname', name, '`""`')],
  [{ hostname: [] }, expected('options.hostname', 'a host name, or a list of 1 to 32', '`[]`')],
  [{ hostname: ['a', 'b c'] }, expected('options.hostname[1]', name, '`"b c"`')],
  [{ hostname: ['a', undefined] }, expected('options.hostname[1]', name, '`undefined`')],
  [{ hostname: 80 }, expected('options.hostname', name, '`80`')],
  [{ hostname: '-host' }, expected('options.hostname', name, '`"-host"`')],
  [{ hostname: 'host-' }, expected('options.hostname', name, '`"host-"`')],
  [{ hostname: 'a..b' }, expected('options.hostname', name, '`"a..b"`')],
  [{ hostname: 'host.' }, expected('options.hostname', name, '`"host."`')],
  [{ hostname: 'my host' }, expected('options.hostname', name, '`"my host"`')],
  [{ hostname: 'my_host' }, expected('options.hostname', name, '`"my_host"`')],
  [{ hostname: 'host:80' }, expected('options.hostname', name, '`"host:80"`')],
  [{ hostname: 'host\n' }, expected('options.hostname', name, '`"host\\n"`')],
  [{ hostname: 'host\n1.2.3.4 other' }, expected('options.hostname', name, '`"host\\n1.2.3.4 other"`')],
  [{ hostname: 'höst' }, expected('options.hostname', name, '`"höst"`')],
  [{ hostname: '::1' }, expected('options.hostname', name, '`"::1"`')],
  [{ hostname: 'a'.repeat(64) }, `Expected \`options.hostname\` to be ${name}, got \`"aaa`],
  [{ hostname: `${'a.'.repeat(126)}bc` }, `Expected \`options.hostname\` to be ${name}, got \`"a.a.`],
  [{ hostname: '198.18.0.1' }, expected('options.hostname', 'a name and not an address', '`"198.18.0.1"`')],
  [{ hostname: '0x7f' }, expected('options.hostname', 'a name and not an address', '`"0x7f"`')],
  [{ hostname: 'localhost' }, expected('options.hostname', notLocalhost, '`"localhost"`')],
  [{ hostname: 'api.LocalHost' }, expected('options.hostname', notLocalhost, '`"api.LocalHost"`')],
  [{ subnet: 'fd00::/64' }, expected('options.subnet', `${cidr}, such as 198.18.7.0/28`, '`"fd00::/64"`')],
  [{ subnet: '198.18.0.0' }, expected('options.subnet', `${cidr}, such as 198.18.7.0/28`, '`"198.18.0.0"`')],
  [{ subnet: '198.18.0.0/30' }, expected('options.subnet', cidr, '`"198.18.0.0/30"`')],
  [{ subnet: '10.0.0.0/15' }, expected('options.subnet', cidr, '`"10.0.0.0/15"`')],
  [{ subnet: '198.18.0.256/28' }, expected('options.subnet', `${cidr}, such as 198.18.7.0/28`, '`"198.18.0.256/28"`')],
  [
    { subnet: '198.018.0.0/28' },
    expected('options.subnet', "the subnet's own address, 198.18.0.0/28", '`"198.018.0.0/28"`'),
  ],
  [{ subnet: '198.18.0.0/28 ' }, expected('options.subnet', `${cidr}, such as 198.18.7.0/28`, '`"198.18.0.0/28 "`')],
  [{ subnet: 28 }, expected('options.subnet', `${cidr}, such as 198.18.7.0/28`, '`28`')],
  [
    { subnet: '198.18.0.17/28' },
    expected('options.subnet', "the subnet's own address, 198.18.0.16/28", '`"198.18.0.17/28"`'),
  ],
  [{ subnet: '0.1.0.0/24' }, expected('options.subnet', unicast, '`"0.1.0.0/24"`')],
  [{ subnet: '127.5.0.0/24' }, expected('options.subnet', unicast, '`"127.5.0.0/24"`')],
  [{ subnet: '169.254.0.0/24' }, expected('options.subnet', unicast, '`"169.254.0.0/24"`')],
  [{ subnet: '224.0.0.0/24' }, expected('options.subnet', unicast, '`"224.0.0.0/24"`')],
  [{ subnet: '255.255.255.0/24' }, expected('options.subnet', unicast, '`"255.255.255.0/24"`')],
  [{ docker: '/var/run/docker.sock' }, expected('options.docker', dockerode, '`"/var/run/docker.sock"`')],
  [{ docker: null }, expected('options.docker', dockerode, '`null`')],
  [{ docker: [] }, expected('options.docker', dockerode, '`[]`')],
  [{ labels: ['team=web'] }, expected('options.labels', 'an object of strings', "`[ 'team=web' ]`")],
  [{ labels: new Map() }, expected('options.labels', 'an object of strings', '`Map(0) {}`')],
  [{ labels: { '': 'x' } }, expected('options.labels[""]', 'a label with a name', '`""`')],
  [{ labels: { team: 1 } }, expected('options.labels["team"]', 'a string', '`1`')],
  [{ labels: { 'com.example': null } }, expected('options.labels["com.example"]', 'a string', '`null`')],
  [{ labels: { team: 'a\0b' } }, expected('options.labels["team"]', 'a string', '`"a\\u0000b"`')],
  [{ labels: { 'a\0b': 'x' } }, expected('options.labels["a\\u0000b"]', 'a label with a name', '`"a\\u0000b"`')],
  [
    { labels: { 'localhost-forward.session': 'x' } },
    'Expected `options.labels["localhost-forward.session"]` to be a label that does not start with localhost-forward.',
  ],
  [{ signal: {} }, expected('options.signal', 'an AbortSignal', '`{}`')],
  [{ signal: new AbortController() }, 'Expected `options.signal` to be an AbortSignal, got `AbortController {'],
  [{ signal: null }, expected('options.signal', 'an AbortSignal', '`null`')],
  [
    {
      get verify() {
        return throwing();
      },
    },
    'Reading `options.verify` threw: from the getter',
  ],
  [
    {
      labels: {
        get team() {
          return throwing();
        },
      },
    },
    'Reading `options.labels` threw: from the getter',
  ],
  [revoked({}), 'Expected `options` to be an object, got'],
];

const badVariables: [Record<string, string>, string][] = [
  [{ LOCALHOST_FORWARD_STRATEGY: 'nft' }, expected('LOCALHOST_FORWARD_STRATEGY', strategy, '`"nft"`')],
  [{ LOCALHOST_FORWARD_PRIVILEGE: 'Root' }, expected('LOCALHOST_FORWARD_PRIVILEGE', privilege, '`"Root"`')],
  [{ LOCALHOST_FORWARD_PROBE_IMAGE: 'a b' }, expected('LOCALHOST_FORWARD_PROBE_IMAGE', image, '`"a b"`')],
  [
    { LOCALHOST_FORWARD_SUBNET_POOL: '10.0.0.0/25' },
    expected('LOCALHOST_FORWARD_SUBNET_POOL', 'an IPv4 subnet from /8 to /24', '`"10.0.0.0/25"`'),
  ],
  [
    { LOCALHOST_FORWARD_SUBNET_POOL: '10.1.0.0/8' },
    expected('LOCALHOST_FORWARD_SUBNET_POOL', "the subnet's own address, 10.0.0.0/8", '`"10.1.0.0/8"`'),
  ],
  [
    { LOCALHOST_FORWARD_SUBNET_POOL: '127.0.0.0/8' },
    expected('LOCALHOST_FORWARD_SUBNET_POOL', unicast, '`"127.0.0.0/8"`'),
  ],
  [{ LOCALHOST_FORWARD_FIREWALL: 'off' }, expected('LOCALHOST_FORWARD_FIREWALL', "one of 'adapt', 'leave'", '`"off"`')],
];

// What could break out of a hosts entry, a command line or a YAML file.
const smuggled = [' ', 'a,b', '.a', '$(reboot)', '`reboot`', 'a;b', '"a', '--privileged', '*.test', 'a\0b'];

/** Everything that a user can get wrong, with the first line of the error, or its beginning. */
export const badInputs: readonly BadInput[] = [
  ...badPorts.map(([ports, message]) => ({ ports, message })),
  ...badOptions.map(([options, message]) => ({ ports: 8088, options, message })),
  ...smuggled.map((hostname) => ({
    ports: 8088,
    options: { hostname },
    message: expected('options.hostname', name, `\`${JSON.stringify(hostname)}\``),
  })),
  ...badVariables.map(([env, message]) => ({ ports: 8088, env, message })),
];

/** As much of an error's first line as a row says: the whole line, or how it begins where a long value ends it. */
export const firstLineFor = (message: string, error: Error): string => {
  const first = error.message.split('\n')[0] ?? '';
  const whole = /[`?]$/.test(message) && !message.includes('got `"a');
  return whole ? first : first.slice(0, message.length);
};
