import type { Evidence } from './evidence.ts';

/** A port that its user has cut: no packet could tell more. */
export const findCut = ({ cut, cutBy, protocol, containerPort, bridge }: Evidence) =>
  cut === undefined
    ? undefined
    : ({
        finding: 'dropped-before-rule',
        sentence: `${protocol} port ${containerPort} of ${bridge} was cut on purpose: cut(${containerPort}, { mode: '${cut}' })`,
        advice:
          cutBy === undefined
            ? `await net.restore(${containerPort})`
            : `in process ${cutBy}, which opened it: await net.restore(${containerPort})`,
      } as const);
