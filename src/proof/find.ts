import { findCut } from './find-cut.ts';
import { describeHops } from './describe-hops.ts';
import type { Diagnosis, Finding } from '../diagnosis.ts';
import type { Cause } from './cause.ts';
import type { Evidence } from './evidence.ts';
import { renderPassCommand, renderPlace } from './pass-command.ts';
import { judgeFront } from './judge-front.ts';
import { judgeListeners, judgeUnwilling } from './judge-listeners.ts';
import { isTaken, judgeTaken } from './judge-taken.ts';
import type { Place } from '../strategies/packets.ts';
import { readable } from './render.ts';
import { adviceOnName, renderAddress } from './words.ts';
import { isAtService, wasCarried } from './witness.ts';

/** One finding from all the evidence: the first hop that stopped the packet. Pure. */
export const findCause = (evidence: Evidence): Diagnosis => {
  const cause = findCut(evidence) ?? judge(evidence);
  return readable({
    reachable: cause.finding === 'reachable',
    ...cause,
    hops: describeHops(evidence, cause.finding),
    containerPort: evidence.containerPort,
  });
};

/** Whether it was found without a packet, so that no packet could tell more. */
export const isKnown = ({ finding }: Diagnosis): boolean =>
  ['route-localnet-off', 'rule-missing', 'engine-remote', 'engine-rootless'].includes(finding);

const judge = (seen: Evidence): Cause => {
  const {
    protocol,
    containerPort,
    bridge,
    engine,
    counts,
    misdirected: [misdirected],
  } = seen;
  const target = `${protocol} port ${containerPort}`;
  const isProven = seen.ended === 'nonce' || (seen.ended === 'accepted' && isAtService(seen.arrival));
  if (isProven && misdirected !== undefined) {
    const { container, address } = misdirected;
    return {
      finding: 'wrong-address',
      sentence: `The container ${container} dials ${address}:${containerPort}, another network's gateway, and ${seen.hostname} is ${seen.gateway} here`,
      advice: `docker run --add-host ${seen.hostname}:${seen.gateway} …`,
    };
  }
  if (isProven) {
    return {
      finding: 'reachable',
      sentence: `Containers reach ${renderAddress(seen)} at ${seen.hostname}:${containerPort}`,
      advice: seen.ended === 'nonce' ? 'nothing to do' : adviceOnName(seen),
    };
  }
  if (seen.ended === 'sent' && seen.unseen !== undefined)
    return { finding: 'probe-failed', sentence: seen.unseen, advice: 'localhost-forward doctor' };
  const isStillThere = seen.rulePresent !== false && seen.routeLocalnet !== false && seen.listening;
  if (seen.ended === 'sent' && isStillThere && seen.detour === undefined) {
    return {
      finding: 'reachable',
      sentence: `Rule and service of ${target} are there; a UDP service cannot be asked without writing to it`,
      advice: 'nothing to do',
    };
  }
  if (engine.remote)
    return {
      finding: 'engine-remote',
      sentence: `The engine at ${engine.endpoint} runs on another host, whose 127.0.0.1 is not this one's`,
      advice: 'docker context use default',
    };
  if (engine.rootless && !seen.relayed)
    return {
      finding: 'engine-rootless',
      sentence: 'The engine is rootless: its bridges are in a network namespace of their own',
      advice: 'docker context use default',
    };
  if (seen.routeLocalnet === false) {
    return {
      finding: 'route-localnet-off',
      sentence: `route_localnet of ${bridge} is off, so the kernel drops what is translated to 127.0.0.1`,
      advice: `sudo sysctl -w net.ipv4.conf.${bridge}.route_localnet=1`,
    };
  }
  if (seen.rulePresent === false)
    return {
      finding: 'rule-missing',
      sentence: seen.lost ?? `The rule for ${target} of ${bridge} is gone: something flushed the firewall`,
      advice: seen.lost === undefined ? 'await net.verify()' : 'open another forward',
    };
  if (seen.ended === 'accepted' && seen.arrival?.at === 'carrier')
    return (
      judgeListeners(seen) ??
      judgeUnwilling(seen) ?? {
        finding: 'firewall-output',
        sentence: `The relay accepts ${target}, and what it sends on to ${renderAddress(seen)} comes to nobody: a firewall of this host stops it on its own loopback`,
        advice: 'sudo nft list ruleset',
      }
    );
  if (seen.arrival?.keptFor !== undefined)
    return {
      finding: 'listens-on-other-address',
      sentence: `The container ${seen.arrival.keptFor} publishes port ${seen.hostPort} without the engine's proxy: what listens on ${renderAddress(seen)} keeps the port and takes nobody in, and this host's own connections are led past it, as a relay's are`,
      advice: "strategy: 'relay'",
    };
  if (isTaken(seen)) return judgeTaken(seen);
  // Nobody's socket has accepted it: what answers a handshake in a service's place carries nothing to it.
  if (seen.ended === 'accepted' && !seen.listening && !wasCarried(seen.arrival))
    return judgeListeners(seen) ?? unknown(seen);
  if (seen.ended === 'accepted' && protocol === 'tcp' && counts?.accepted === 0)
    return judgeUntracked(seen) ?? judgeTaken(seen);
  if (seen.ended === 'accepted') {
    return {
      finding: 'reachable',
      sentence: `Our rule carries ${target} to ${renderAddress(seen)}, and the service there answers, though it had no connection to be looked at`,
      advice: 'nothing to do',
    };
  }
  if (seen.probeFailure !== undefined) {
    return {
      finding: 'probe-failed',
      sentence: `The probe itself did not work: ${seen.probeFailure.what}`,
      advice: seen.probeFailure.advice ?? 'localhost-forward doctor',
    };
  }
  if (seen.ended === 'unresolved') {
    return {
      finding: 'probe-failed',
      sentence: `The probe could not resolve ${seen.hostname}, which its container was given as ${seen.gateway}`,
      advice: 'a hostname that stands in no DNS server',
    };
  }
  if (seen.isRootlessOwn === true && seen.ended !== undefined)
    return {
      finding: 'engine-rootless',
      sentence: `The engine is rootless, and its own way for ${seen.hostname} does not lead to this host's 127.0.0.1`,
      advice: "strategy: 'sidecar'",
    };
  const untracked = judgeUntracked(seen);
  if (untracked !== undefined) return untracked;
  const listening = judgeListeners(seen);
  if (seen.ended === 'refused' && listening !== undefined) return listening;
  const detour = judgeDetour(seen) ?? judgeFront(seen);
  // Where nothing was dialled, that no packet was counted tells nothing.
  if (counts === undefined || seen.ended === undefined) return detour ?? listening ?? unknown(seen);
  if (detour !== undefined && counts.outputLate === 0) return detour;
  if (counts.saw === 0)
    return dropped(
      seen,
      'dropped-before-rule',
      `Nothing for ${target} arrives from ${bridge}: it is dropped ${seen.drops.length > 0 ? 'on the bridge itself' : 'before any rule of this host, or nobody here answers who has this address (ARP)'}`,
      renderPassCommand(seen, 'prerouting'),
    );
  if (counts.translated === 0)
    return dropped(
      seen,
      'dropped-before-rule',
      `What arrives from ${bridge} for ${target} is dropped before it is translated`,
      renderPassCommand(seen, 'prerouting'),
    );
  if (counts.inputEarly === 0)
    return dropped(
      seen,
      'dropped-before-rule',
      `What is translated for ${target} does not come in: it is dropped on its way`,
      renderPassCommand(seen, 'prerouting'),
    );
  if (counts.inputLate === 0)
    return dropped(
      seen,
      'firewall-input',
      `The firewall of this host drops ${target} on its way in`,
      renderPassCommand(seen, 'input'),
    );
  if (listening !== undefined) return listening;
  // A table of bridges drops after all that is counted.
  if (counts.outputEarly > 0 && (counts.outputLate === 0 || seen.drops[0]?.family === 'bridge'))
    return (
      judgeDetour({ ...seen, detour: seen.detourByMark }) ??
      dropped(
        seen,
        'firewall-output',
        `The firewall of this host drops the answer of ${target} on its way out`,
        renderPassCommand(seen, 'output'),
      )
    );
  return unknown(seen);
};

const judgeUntracked = (seen: Evidence): Cause | undefined => {
  const { untracked: [untracked] = [], drops, protocol, containerPort, bridge, subnet } = seen;
  if (untracked === undefined || drops.length > 0) return undefined;
  const target = `${protocol} port ${containerPort}`;
  const what = untracked.isOfReplies ? `The answer of ${target}` : `What arrives from ${bridge} for ${target}`;
  return {
    finding: untracked.isOfReplies ? 'firewall-output' : 'dropped-before-rule',
    sentence: `${what} is left out of connection tracking, without which nothing is translated: ${renderPlace(untracked)}`,
    advice: renderPassCommand({ bridge, subnet, drops: [untracked] }, untracked.isOfReplies ? 'output' : 'prerouting'),
  };
};

/** Replies that leave by another interface, and what a strict reverse path filter drops on its way in for that. */
const judgeDetour = ({ detour, drops, ended, bridge }: Evidence): Cause | undefined => {
  if (detour === undefined || drops.length > 0 || ended === 'refused') return undefined;
  const { subnet, dev, by, rule } = detour;
  const place = rule === undefined ? `table ${by}` : `the rule \`${rule.preference}: ${rule.text}\``;
  return {
    finding: 'routed-elsewhere',
    sentence: `This host sends what is for ${subnet} ${dev === undefined ? `nowhere (${by})` : `to ${dev}`} and not to ${bridge}: ${place} comes before the main table`,
    advice: `sudo ip rule add pref ${Math.max(1, (rule?.preference ?? 2) - 1)} to ${subnet} lookup main`,
  };
};

const dropped = ({ drops: [drop] }: Evidence, finding: Finding, sentence: string, advice: string): Cause => ({
  finding,
  sentence:
    drop === undefined
      ? sentence
      : `${sentence}: ${renderPlace(drop)}${isQueue(drop) ? ', and no program lets go of what is queued there' : ''}`,
  advice,
});

const isQueue = ({ rule }: Place): boolean => /\bqueue\b/.test(rule);

const unknown = (seen: Evidence): Cause => {
  if (seen.ended === 'foreign') {
    const sentence = `Something else than our listener on ${renderAddress(seen)} answers at ${seen.hostname}:${seen.containerPort}`;
    return { finding: 'probe-failed', sentence, advice: 'sudo nft list ruleset' };
  }
  const arrived = seen.counts !== undefined && seen.counts.inputLate > 0 && seen.counts.outputEarly === 0;
  const unwilling = arrived ? judgeUnwilling(seen) : undefined;
  if (unwilling !== undefined) return unwilling;
  return {
    finding: 'probe-failed',
    sentence: arrived
      ? `What comes to ${seen.hostname}:${seen.containerPort} arrives at ${renderAddress(seen)}, and the service there does not answer`
      : `Nothing was answered at ${seen.hostname}:${seen.containerPort} (${seen.ended ?? 'not dialled'}), and no hop tells why`,
    advice: arrived
      ? `ss -ln${seen.protocol === 'tcp' ? 't' : 'u'}p 'sport = :${seen.hostPort}'`
      : 'DEBUG=localhost-forward* localhost-forward smoke',
  };
};
