import type { RequestLog } from '../capture/request-log.ts';
import type { Choice } from '../choose/choose-strategy.ts';
import type { UndoStack } from '../lifecycle/undo-stack.ts';
import type { ResolvedOptions } from '../options/options.ts';
import type { Names } from '../ownership/names.ts';
import type { ProbeHold } from '../proof/probe-hold.ts';
import type { Network, Route, Tools } from '../strategies/strategy.ts';
import type { OpenPort } from './ports.ts';

/** What an open forward is made of. */
export interface OpenForwardParts {
  readonly names: Names;
  readonly tools: Tools;
  readonly choice: Choice;
  readonly network: Network;
  readonly route: Route;
  /** What the host's name stands for on this network. */
  readonly address: string;
  /** Firewalls that were passed while it was opened, a sentence each. */
  readonly accepts: readonly string[];
  readonly remarks: readonly string[];
  readonly openPorts: Map<string, OpenPort>;
  /** What the listener that was asked for has been asked. */
  readonly requestLog?: RequestLog;
  readonly probe: ProbeHold;
  readonly undo: UndoStack;
  readonly undoDeadlineMs: number;
  readonly options: ResolvedOptions;
}
