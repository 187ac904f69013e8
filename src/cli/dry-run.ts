import { renderJson } from '../printable.ts';
import { explain } from '../doctor/explain.ts';
import type { LocalhostForwardOptions, PortForward } from '../types.ts';
import { renderExplanation, shorten } from './explanation.ts';
import { openTerminal } from './terminal.ts';

export interface DryRunArguments {
  readonly ports: readonly PortForward[];
  readonly options: Pick<LocalhostForwardOptions, 'strategy' | 'hostname' | 'subnet' | 'verify' | 'hermetic'>;
  readonly json: boolean;
  /** Services of a compose project that would join the network. */
  readonly compose?: readonly string[] | undefined;
}

/** `localhost-forward run --dry-run`: tells what the opening would do, and does nothing. Resolves to the exit code. */
export const dryRun = async ({ ports, options, json, compose }: DryRunArguments): Promise<number> => {
  const { write, colors } = openTerminal(process.stdout);
  const explanation = await explain(ports, options, compose);
  if (json) write(`${renderJson(shorten(explanation), 2)}\n`);
  else for (const line of renderExplanation(explanation, colors)) write(`${line}\n`);
  return 0;
};
