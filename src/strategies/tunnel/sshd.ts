import { Duplex } from 'node:stream';
import { clearTimeout, setTimeout, whenHeard } from '../../clock.ts';
import type { Client, ClientChannel, TcpConnectionDetails } from 'ssh2';
import { createPiped, removeContainer, type PipedContainer } from '../../engine/containers.ts';
import { statusOf } from '../../engine/engine.ts';
import { dockerUnavailable } from '../../engine/unavailable.ts';
import { ensureImage } from '../../engine/images.ts';
import { requireWebAssembly } from '../../engine/web-assembly.ts';
import { messageOf } from '../../engine/networks.ts';
import { isLocalhostForwardError, LocalhostForwardError } from '../../errors.ts';
import { renderLabels, type Names } from '../../ownership/names.ts';
import { sidecarAddressOf } from '../../network/subnet.ts';
import type { Network, Tools } from '../strategy.ts';
import { makeKeys } from './keys.ts';
import { TellingClient } from './telling-client.ts';

/** testcontainers' own image for the same purpose, and its variable for another one. */
const imageOf = ({ LOCALHOST_FORWARD_TUNNEL_IMAGE, SSHD_CONTAINER_IMAGE }: NodeJS.ProcessEnv): string =>
  LOCALHOST_FORWARD_TUNNEL_IMAGE || SSHD_CONTAINER_IMAGE || 'testcontainers/sshd:1.4.0';

/** How long it may take until it answers, in milliseconds. */
const readyMs = 20_000;

/** What is asked of ssh's client. */
export interface SshClient {
  on(event: 'tcp connection', listener: OnConnection): unknown;
  on(event: 'end' | 'close', listener: () => void): unknown;
  forwardIn(address: string, port: number, done: (error: Error | undefined) => void): unknown;
  unforwardIn(address: string, port: number, done: () => void): unknown;
  destroy(): unknown;
}

type OnConnection = (details: TcpConnectionDetails, accept: () => ClientChannel, reject: () => void) => void;

/** An sshd on a network, with a client of ours at its other end. */
export interface Sshd {
  readonly client: SshClient;
  /** Its address on the network. */
  readonly address: string;
  /** Keeps this process alive while its answer is waited for; connections alone keep none that has nothing else to do. */
  awaited<T>(answer: Promise<T>): Promise<T>;
  /** Gone when it resolves. What fails can be tried again. */
  remove(): Promise<void>;
}

// For one connection, on standard input: it ends with that, and so with this process. Its keys are made for this one container.
const program = `umask 077
mkdir -p /run/sshd
printf '%s\\n' "$HOST_KEY" > /tmp/lhf_host
printf '%s\\n' "$USER_KEY" > /tmp/lhf_user
unset HOST_KEY
exec /usr/sbin/sshd -i -e -f /dev/null -h /tmp/lhf_host -o AuthorizedKeysFile=/tmp/lhf_user -o StrictModes=no \
  -o PermitRootLogin=prohibit-password -o PasswordAuthentication=no -o AllowTcpForwarding=remote -o GatewayPorts=yes \
  -o PermitTTY=no -o X11Forwarding=no -o AllowAgentForwarding=no -o UseDNS=no -o LogLevel=ERROR`;

/** Starts one. Nothing of it is left where that fails. @throws LHF_ERR_RULES, for the next strategy to be tried */
export const startSshd = async (
  { engine: { docker, facts }, session, told }: Pick<Tools, 'engine' | 'session' | 'told'>,
  { names, network }: { readonly names: Names; readonly network: Network },
): Promise<Sshd> => {
  const image = imageOf(process.env);
  // As a sidecar's, at the end of the subnet: containers of users have those that the engine gives out.
  const address = sidecarAddressOf(network.subnet);
  let container: PipedContainer | undefined;
  requireWebAssembly();
  try {
    await ensureImage(docker, image);
    // Loaded when used.
    const { Client: RealClient, utils } = (await import('ssh2')).default;
    const [host, user] = told === undefined ? [makeKeys(utils), makeKeys(utils)] : [keyToCome, keyToCome];
    container = await createPiped(docker, {
      name: names.tunnel,
      Image: image,
      Entrypoint: ['sh', '-c', program],
      Cmd: [],
      User: '0:0',
      Env: [`HOST_KEY=${host.private}`, `USER_KEY=${user.public}`],
      Labels: renderLabels(names.bridge, session.word),
      StopTimeout: 0,
      NetworkingConfig: { EndpointsConfig: { [network.name]: { IPAMConfig: { IPv4Address: address } } } },
      HostConfig: {
        AutoRemove: true,
        NetworkMode: network.name,
        CapDrop: ['ALL'],
        CapAdd: ['SETUID', 'SETGID', 'SYS_CHROOT', 'NET_BIND_SERVICE'],
        SecurityOpt: ['no-new-privileges'],
        LogConfig: { Type: 'none', Config: {} },
      },
    });
    await container.start();
    const client =
      told === undefined ? await connect(new RealClient(), container, user.private) : new TellingClient(told);
    const running = container;
    running.keepAlive(false);
    let waiting = 0;
    return {
      client,
      address,
      awaited: async (answer) => {
        running.keepAlive((waiting += 1) > 0);
        try {
          return await answer;
        } finally {
          running.keepAlive((waiting -= 1) > 0);
        }
      },
      remove: () => running.remove().finally(() => client.destroy()),
    };
  } catch (error) {
    const said = container?.stderr().trim().split('\n').at(-1) ?? '';
    await (container?.remove() ?? removeContainer(docker, names.tunnel)).catch(() => undefined);
    if (isLocalhostForwardError(error)) throw error;
    if (isUnanswered(error)) throw dockerUnavailable(error, facts.endpoint);
    throw new LocalhostForwardError(
      'LHF_ERR_RULES',
      {
        what: `The tunnel's sshd (${image}) does not run on the engine at ${facts.endpoint}: ${said === '' ? messageOf(error) : said}`,
        try: 'LOCALHOST_FORWARD_TUNNEL_IMAGE=<an image with an sshd that the engine has or can pull>',
      },
      { strategy: 'tunnel', cause: error },
    );
  }
};

/** Where it is only told: no key is made for that. */
const keyToCome = { private: '(a key made for this container)', public: '(a key made for this container)' };

// What the engine did not answer to is no matter of the image.
const isUnanswered = (error: unknown): boolean =>
  statusOf(error) === undefined && (error as NodeJS.ErrnoException).code?.startsWith('E') === true;

const connect = async (client: Client, { input, output }: PipedContainer, privateKey: string): Promise<Client> => {
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<Client>((resolve, reject) => {
      const giveUp = (): void => reject(new Error(`it did not answer within ${readyMs} ms`));
      timer = setTimeout(() => whenHeard(giveUp), readyMs);
      client
        .once('ready', () => resolve(client))
        // Listened to for as long as it lives: a connection that breaks must not end the process.
        .on('error', reject)
        .once('close', () => reject(new Error('it hung up')))
        .connect({
          sock: Duplex.from({ readable: output, writable: input }),
          username: 'root',
          privateKey,
          readyTimeout: 0,
        });
    });
  } finally {
    clearTimeout(timer);
  }
};
