import { connectContainer, disconnectContainer } from '../../engine/containers.ts';
import { bridgeElsewhere } from '../../engine/elsewhere.ts';
import { LocalhostForwardError } from '../../errors.ts';
import { readDefaultDevices } from '../../host/kernel.ts';
import { firstAddressOf } from '../../network/subnet.ts';
import type { Front } from '../carrier/route.ts';
import type { Network, PortMapping, Tools } from '../strategy.ts';
import { kernelOf } from '../told.ts';

/** On the network's own gateway; in a job's container, which has no bridges, on an address of that container's on the network. */
export const frontOf = (tools: Tools, forget: Front['forget']): Front => {
  const { docker, facts } = tools.engine;
  return facts.job?.network === 'own' ? new JobFront(docker, facts.job.id, forget) : onGateway(tools, forget);
};

const onGateway = (tools: Tools, forget: Front['forget']): Front => {
  let gateway = '';
  return {
    strategy: 'relay',
    isOpen: true,
    open: async (network) => {
      ({ gateway } = network);
      if (!kernelOf(tools).interfaceExists(network.bridge)) throw bridgeElsewhere(tools.engine, network.bridge);
      return { address: gateway, place: { address: gateway } };
    },
    landingOf: ({ containerPort }) => ({ address: gateway, port: containerPort }),
    close: async () => undefined,
    forget,
  };
};

class JobFront implements Front {
  readonly strategy = 'relay';
  readonly isOpen = true;
  readonly forget: Front['forget'];
  readonly #docker: Tools['engine']['docker'];
  readonly #id: string;
  #network: Network | undefined;
  #address = '';

  constructor(docker: Tools['engine']['docker'], id: string, forget: Front['forget']) {
    this.forget = forget;
    this.#docker = docker;
    this.#id = id;
  }

  async open(network: Network): ReturnType<Front['open']> {
    const address = firstAddressOf(network.subnet);
    const before = await readDefaultDevices();
    // Remembered before it is done: the engine may do it, and its answer may be lost.
    this.#network = network;
    await connectContainer(this.#docker, this.#id, { network: network.id, address, isLastGateway: true });
    const after = await readDefaultDevices();
    // Engines before 28 choose a container's default route by the names of its networks.
    if (before.length > 0 && before.join() !== after.join()) throw routeTaken(this.#id, network);
    this.#address = address;
    return { address, place: { address } };
  }

  landingOf({ containerPort }: PortMapping): ReturnType<Front['landingOf']> {
    return { address: this.#address, port: containerPort };
  }

  async close(): Promise<void> {
    if (this.#network === undefined) return;
    await disconnectContainer(this.#docker, this.#id, this.#network.id);
    this.#network = undefined;
  }
}

const routeTaken = (id: string, { name }: Network): LocalhostForwardError =>
  new LocalhostForwardError('LHF_ERR_NETWORK', {
    what: `The engine led the default route of this job's container ${id.slice(0, 12)} to ${name}, and with it its other connections`,
    evidence: [
      `engines before 28 take the network whose name comes first: the job starts on one that sorts before ${name}; this one was taken off again`,
    ],
    try: 'docker network create a-job',
  });
