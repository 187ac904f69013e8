export { withLocalhostForward } from './forward/with.ts';
export { openLocalhostForward } from './forward/open.ts';
export { awaitHits, type Reached } from './forward/await-hits.ts';
export { joinLocalhostForward } from './forward/join.ts';
export { assertForwardOptions } from './options/options.ts';
export { receiveRequest } from './capture/receive-request.ts';
export { findTraces, type Traced } from './leftovers/traces.ts';
export { sweep, type Leftover, type SweepOptions, type SweepReport } from './leftovers/sweep.ts';
export { errorCodes, isLocalhostForwardError, LocalhostForwardError, type ErrorCode } from './errors.ts';
export { doctor, type DoctorReport } from './doctor/doctor.ts';
export { renderDiagnosis } from './proof/render.ts';
export type { DockerClient, DockerOptions } from './docker-option.ts';
export type { CutMode, CutOptions, SlowOptions } from './faults.ts';
export type { Diagnosis, Finding, Hop } from './diagnosis.ts';
export type {
  Caller,
  CapturedRequest,
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
  RequestMatch,
  Strategy,
  StrategyReason,
  Verification,
  VerifyOptions,
} from './types.ts';
