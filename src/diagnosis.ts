/** Each finding that a diagnosis can name. */
export const findings = [
  'reachable',
  'no-listener',
  'listens-on-ipv6-only',
  'listens-on-other-address',
  'firewall-input',
  'firewall-output',
  'taken-by-other-rule',
  'routed-elsewhere',
  'route-localnet-off',
  'rule-missing',
  'dropped-before-rule',
  'wrong-address',
  'engine-rootless',
  'engine-remote',
  'probe-failed',
] as const;

/** By which a diagnosis is told apart; each has a part of `docs/findings.md`. */
export type Finding = (typeof findings)[number];

/** One hop of a packet's way from the container to the service and back. */
export interface Hop {
  readonly name: 'container' | 'bridge' | 'rule' | 'input' | 'service' | 'reply' | 'output';
  /** Undefined where nothing could tell. */
  readonly ok: boolean | undefined;
  /** Packets counted there, where something counts. */
  readonly packets?: number;
  /** What was seen, in a few words. */
  readonly detail: string;
}

/** One finding, the evidence for it, and the one thing to do about it. */
export interface Diagnosis {
  readonly reachable: boolean;
  readonly finding: Finding;
  /** One sentence with the values. */
  readonly sentence: string;
  readonly hops: readonly Hop[];
  /** One command, or one thing to do. */
  readonly advice: string;
  /** The container port that was dialled. */
  readonly containerPort: number;
  /** All of it as a text, as `renderDiagnosis()` writes it. */
  toString(): string;
}
