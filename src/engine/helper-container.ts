import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type Docker from 'dockerode';
import { createAttached, type AttachedContainer } from './containers.ts';
import { findOwnContainer, type OwnContainer } from './own-container.ts';
import { statusOf } from './engine.ts';
import { listFilesOf } from './host-programs.ts';
import { ensureEmptyImage } from './images.ts';
import { messageOf } from './networks.ts';

/** A container of ours that runs a program of ours: what is its own. All else is the same for all of them. */
export interface HelperContainer {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** JavaScript, and what it finds from `process.argv[1]` on; or a program of the host's, by its path, with its arguments. */
  readonly program: string | { readonly path: string };
  readonly args?: readonly string[];
  /** An image with a `node` in it, or with that program in its PATH. Default: nothing, with the program mounted from the host. */
  readonly image?: string | undefined;
  /** By name: given an id, some engines do not set the hardware address. */
  readonly network: string;
  /** A fixed address on it. Default: the engine's choice. */
  readonly address?: string;
  readonly extraHosts?: readonly string[];
  /** Root with these capabilities. Default: nobody, or the owner of a program that others may not run, with none. */
  readonly capabilities?: readonly string[];
  /**
   * It listens in somebody's network namespace, on ports below 1024 too, which takes root with a capability on Podman, and on Docker where
   * that was asked for. As a program's owner it does so only where the namespace lets everybody. Default: false.
   */
  readonly listensBelow1024?: boolean;
  readonly sysctls?: Readonly<Record<string, string>>;
  /** Further programs of this host that it runs. */
  readonly tools?: readonly string[];
  /** What of this host it sees beside these: a path of the same name, read-only, unless it says otherwise. */
  readonly mounts?: readonly HelperMount[];
  /** Users are the host's, and no label confines it: for one that acts on the host itself. Default: false. */
  readonly actsOnHost?: boolean;
}

export interface HelperMount {
  readonly source: string;
  /** Default: the same path. */
  readonly target?: string;
  /** Default: false. */
  readonly isWritable?: boolean;
  /** Of the files that programs need, which a container's own programs find where they are. Default: false. */
  readonly isOfPrograms?: boolean;
}

/**
 * Creates a helper container with its input and output attached, not started yet. It can change nothing of its own and nothing of the
 * host's, ends when its input does, and is removed by the engine when it ends.
 */
export const createHelper = async (docker: Docker, helper: HelperContainer): Promise<AttachedContainer> => {
  const { program, tools = [] } = helper;
  const own = helper.image === undefined ? await findOwnContainer(docker) : undefined;
  if (own !== undefined) return createAttached(docker, renderInJob(helper, own));
  const programs = [...(helper.image === undefined ? [pathOf(program)] : []), ...tools];
  const [image, user, ...files] = await Promise.all([
    helper.image ?? ensureEmptyImage(docker),
    helper.image === undefined ? userFor(helper) : usualUser(helper),
    ...programs.map(listFilesOf),
  ]);
  return createAttached(docker, renderHelper(helper, image, [...new Set(files.flat())], user));
};

const nobody = '65534:65534';
const root = '0:0';

const usualUser = ({ capabilities = [], listensBelow1024 = false }: HelperContainer): string =>
  capabilities.length > 0 || listensBelow1024 ? root : nobody;

/** Who may run a program that needs no capability for sure: the usual one, or its owner where others may not, as under a umask of 027. */
const userFor = async (helper: HelperContainer): Promise<string> => {
  const { mode, uid, gid } = await stat(pathOf(helper.program));
  const isForAll = (mode & 0o005) === 0o005 || (helper.capabilities ?? []).length > 0;
  return isForAll ? usualUser(helper) : `${uid}:${gid}`;
};

const pathOf = (program: HelperContainer['program']): string =>
  typeof program === 'string' ? process.execPath : program.path;

/** A helper container as the engine's API takes it. Pure. */
export const renderHelper = (
  helper: HelperContainer,
  image: string,
  files: readonly string[],
  user = usualUser(helper),
): Docker.ContainerCreateOptions => {
  const { name, labels, program, args = [], network, address, extraHosts = [], capabilities = [], sysctls } = helper;
  const { mounts = [], actsOnHost = false, listensBelow1024 = false } = helper;
  return {
    name,
    Image: image,
    Entrypoint: [
      helper.image === undefined ? pathOf(program) : typeof program === 'string' ? 'node' : basename(program.path),
      ...(typeof program === 'string' ? ['-e', program] : []),
    ],
    Cmd: [...args],
    User: user,
    WorkingDir: '/',
    Env: ['NODE_OPTIONS='],
    Labels: { ...labels },
    StopTimeout: 0,
    ...(address === undefined
      ? {}
      : { NetworkingConfig: { EndpointsConfig: { [network]: { IPAMConfig: { IPv4Address: address } } } } }),
    HostConfig: {
      AutoRemove: true,
      NetworkMode: network,
      ExtraHosts: [...extraHosts],
      // Mounts and not binds: for these, an engine makes a folder on its host where the source is missing.
      Mounts: [...files.map((source): HelperMount => ({ source })), ...mounts].map(renderMount),
      CapDrop: ['ALL'],
      CapAdd: [...capabilities, ...(listensBelow1024 ? ['NET_BIND_SERVICE'] : [])],
      ...(sysctls === undefined ? {} : { Sysctls: { ...sysctls } }),
      ...(actsOnHost ? { UsernsMode: 'host' } : {}),
      SecurityOpt: ['no-new-privileges', ...(actsOnHost ? ['label=disable'] : [])],
      ReadonlyRootfs: true,
      LogConfig: { Type: 'none', Config: {} },
    },
  };
};

/** The same from within a container of the engine's, whose files the engine does not see: by its own image, and what it has mounted. Pure. */
export const renderInJob = (
  { mounts = [], ...helper }: HelperContainer,
  { id, image }: OwnContainer,
): Docker.ContainerCreateOptions => {
  const others = mounts.filter(({ isOfPrograms = false }) => !isOfPrograms);
  const { HostConfig, ...rendered } = renderHelper({ ...helper, mounts: others }, image, []);
  return { ...rendered, HostConfig: { ...HostConfig, VolumesFrom: [`${id}:ro`] } };
};

const renderMount = ({ source, target = source, isWritable = false }: HelperMount): Docker.MountConfig[number] => ({
  Type: 'bind',
  Source: source,
  Target: target,
  ReadOnly: !isWritable,
});

/** What an engine's refusal of a helper container means, and the way out, where there is one. */
export const describeHelperRefusal = (error: unknown): { what: string; try?: string } | undefined => {
  const what = messageOf(error);
  // Also told among the events of an image that is loaded, which come without a status.
  if (/no space left/i.test(what)) return { what, try: 'docker system df' };
  if (statusOf(error) === undefined) return undefined;
  const image = /^No such image: (\S+)$/i.exec(what)?.[1];
  if (image !== undefined) return { what, try: `docker pull ${image}` };
  const network = /network (\S+) not found/i.exec(what)?.[1];
  if (network !== undefined) return describePruned(network);
  const missing = /bind source path does not exist: (.+)$/i.exec(what)?.[1];
  if (missing !== undefined)
    return { what: `the engine does not see ${missing}, which its container needs`, try: byImage };
  if (/permission denied|no such file or directory|exec format/i.test(what)) return { what, try: byImage };
  return { what };
};

/** What it means that a network of ours is not there any more. */
export const describePruned = (network: string): { what: string; try: string } => ({
  what: `the network ${network} is gone: somebody removed it, as docker network prune does while no container is on it, unless it is told to spare forwards`,
  try: "docker network prune --filter 'label!=localhost-forward.session'",
});

const byImage = 'LOCALHOST_FORWARD_PROBE_IMAGE=node:24-alpine localhost-forward smoke';
