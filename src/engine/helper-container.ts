import { basename } from 'node:path';
import type Docker from 'dockerode';
import { createAttached, type AttachedContainer } from './containers.ts';
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
  /** Root with these capabilities. Default: nobody, with none. */
  readonly capabilities?: readonly string[];
  readonly sysctls?: Readonly<Record<string, string>>;
  /** Further programs of this host that it runs. */
  readonly tools?: readonly string[];
}

/**
 * Creates a helper container with its input and output attached, not started yet. It can change nothing of its own and nothing of the
 * host's, ends when its input does, and is removed by the engine when it ends.
 */
export const createHelper = async (docker: Docker, helper: HelperContainer): Promise<AttachedContainer> => {
  const { program, image: own, tools = [] } = helper;
  const programs = [...(own === undefined ? [pathOf(program)] : []), ...tools];
  const [image, ...files] = await Promise.all([own ?? ensureEmptyImage(docker), ...programs.map(listFilesOf)]);
  return createAttached(docker, renderHelper(helper, image, [...new Set(files.flat())]));
};

const pathOf = (program: HelperContainer['program']): string =>
  typeof program === 'string' ? process.execPath : program.path;

/** A helper container as the engine's API takes it. Pure. */
export const renderHelper = (
  helper: HelperContainer,
  image: string,
  files: readonly string[],
): Docker.ContainerCreateOptions => {
  const { name, labels, program, args = [], network, address, extraHosts = [], capabilities = [], sysctls } = helper;
  return {
    name,
    Image: image,
    Entrypoint: [
      helper.image === undefined ? pathOf(program) : typeof program === 'string' ? 'node' : basename(program.path),
      ...(typeof program === 'string' ? ['-e', program] : []),
    ],
    Cmd: [...args],
    User: capabilities.length > 0 ? '0:0' : '65534:65534',
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
      Mounts: files.map((path) => ({ Type: 'bind', Source: path, Target: path, ReadOnly: true })),
      CapDrop: ['ALL'],
      CapAdd: [...capabilities],
      ...(sysctls === undefined ? {} : { Sysctls: { ...sysctls } }),
      SecurityOpt: ['no-new-privileges'],
      ReadonlyRootfs: true,
      LogConfig: { Type: 'none', Config: {} },
    },
  };
};

/** What an engine's refusal of a helper container means, and the way out, where there is one. */
export const describeHelperRefusal = (error: unknown): { what: string; try?: string } | undefined => {
  if (statusOf(error) === undefined) return undefined;
  const what = messageOf(error);
  const image = /^No such image: (\S+)$/i.exec(what)?.[1];
  if (image !== undefined) return { what, try: `docker pull ${image}` };
  if (/no space left/i.test(what)) return { what, try: 'docker system df' };
  const missing = /bind source path does not exist: (.+)$/i.exec(what)?.[1];
  if (missing !== undefined)
    return { what: `the engine does not see ${missing}, which its container needs`, try: byImage };
  if (/permission denied|no such file or directory|exec format/i.test(what)) return { what, try: byImage };
  return { what };
};

const byImage = 'LOCALHOST_FORWARD_PROBE_IMAGE=node:24-alpine localhost-forward smoke';
