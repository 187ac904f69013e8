import type { Privileges } from '../privilege/privileges.ts';
import { findEngineMarks } from './engine-marks.ts';
import { findIptablesMarks } from './iptables-marks.ts';
import type { Found, Leftover } from './leftover.ts';
import { findNftMarks } from './nft-marks.ts';
import type { RemovalTools } from './remove.ts';

/** Whatever carries our mark, in the engine and in the kernel. */
export const findAll = async (
  { engine, privileges }: RemovalTools,
  onFailure: (what: Leftover, error: unknown) => void,
): Promise<Found[]> => {
  const [marks, rules] = await Promise.all([
    engine === undefined
      ? []
      : findEngineMarks(engine).catch((error: unknown) => {
          onFailure({ kind: 'engine', name: 'docker' }, error);
          return [];
        }),
    privileges === undefined ? [] : findKernelMarks(privileges),
  ]);
  return [...marks, ...rules];
};

/** Whatever carries our mark in the kernel. */
export const findKernelMarks = async (privileges: Privileges): Promise<Found[]> => {
  const [nft, iptables] = await Promise.all([findNftMarks(privileges), findIptablesMarks(privileges)]);
  // nft lists what iptables-nft wrote, too; iptables takes that out itself.
  const isShared = ({ rule, bridge }: Found): boolean =>
    rule !== undefined &&
    rule[0] === 'ip' &&
    iptables.some((one) => one.bridge === bridge && one.iptables?.includes(rule[1]) === true);
  return [...nft.filter((one) => !isShared(one)), ...iptables];
};
