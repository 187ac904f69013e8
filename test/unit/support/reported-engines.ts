import type { EngineInfo } from '../../../src/engine/identify.ts';

/*
 * What engines in virtual machines say of themselves, put together from public reports, each named. Not recorded from the engines: no test
 * here has met one.
 */
export const reportedMachines: readonly {
  readonly vm: string;
  readonly info: EngineInfo;
  readonly reachesLoopbackBy: 'host-gateway' | 'its own name';
}[] = [
  {
    // quarkusio/quarkus pull request 37364: the operating system tells it, whatever the context
    vm: 'Docker Desktop',
    info: { ServerVersion: '27.1.1', OperatingSystem: 'Docker Desktop', Name: 'docker-desktop' },
    reachesLoopbackBy: 'host-gateway',
  },
  {
    // docs.orbstack.dev
    vm: 'OrbStack',
    info: { ServerVersion: '28.5.2', OperatingSystem: 'OrbStack', Name: 'orbstack' },
    reachesLoopbackBy: 'its own name',
  },
  {
    // abiosoft/colima issue 277: with host-gateway the name stands for the virtual machine
    vm: 'Colima',
    info: { ServerVersion: '23.0.6', OperatingSystem: 'Ubuntu 24.04', Name: 'colima' },
    reachesLoopbackBy: 'its own name',
  },
  {
    // ddev/ddev issue 6259: built on Lima, and named as one of its machines
    vm: 'Rancher Desktop',
    info: { ServerVersion: '26.1.4', OperatingSystem: 'Alpine Linux', Name: 'lima-rancher-desktop' },
    reachesLoopbackBy: 'its own name',
  },
];
