export { withLocalhostForward } from './with-localhost-forward.ts';
export { openLocalhostForward } from './open-localhost-forward.ts';
export { joinLocalhostForward } from './join-localhost-forward.ts';
export { assertForwardOptions } from './options.ts';
export { findTraces, type Traced } from './lifecycle/traces.ts';
export { sweep, type Leftover, type SweepOptions, type SweepReport } from './lifecycle/sweep.ts';
export { errorCodes, isLocalhostForwardError, LocalhostForwardError, type ErrorCode } from './errors.ts';
export { doctor, type DoctorReport } from './doctor/doctor.ts';
export { renderDiagnosis } from './probe/render.ts';
export type { Diagnosis, Finding, Hop } from './probe/diagnosis.ts';
export type {
  ForwardedPort,
  ForwardHandover,
  Hits,
  LocalhostForward,
  LocalhostForwardOptions,
  Port,
  PortForward,
  Ports,
  Privilege,
  Protocol,
  RequestListener,
  Strategy,
  StrategyReason,
  Verification,
  VerifyOptions,
} from './types.ts';
