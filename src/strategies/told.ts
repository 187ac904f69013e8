import { interfaceExists, readSysctl } from '../host/kernel.ts';

/** One thing that an opening or a closing does, in the words in which it is asked for. */
export interface Step {
  /** Who is asked for it. */
  readonly by: 'engine' | 'nft' | 'iptables' | 'sysctl' | 'program' | 'process';
  /** How: a program with its arguments, or a call of the engine's API. */
  readonly call: string;
  /** What it is told: commands, lines of its input, parameters with their values. Empty where the call says it all. */
  readonly lines: readonly string[];
  /** The call's document, for the engine. */
  readonly body?: unknown;
}

/** What the kernel is asked of interfaces. */
export interface Kernel {
  /** Whether it is there. */
  interfaceExists(name: string): boolean;
  /** A parameter's value; undefined where there is none. */
  readSysctl(key: string): Promise<string | undefined>;
}

/** Who hears of each step of an opening that is told and not done: the code that would do it runs, and nothing of it leaves this process. */
export interface Told {
  readonly say: (step: Step) => void;
  /** As the kernel would answer if all that was said had been done. */
  readonly kernel: Kernel;
}

export const thisKernel: Kernel = { interfaceExists, readSysctl };

export const kernelOf = ({ told }: { readonly told?: Told | undefined }): Kernel => told?.kernel ?? thisKernel;
