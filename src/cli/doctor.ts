import { doctor as examine, type DoctorReport } from '../doctor/doctor.ts';
import { explainAll } from '../doctor/explain.ts';
import { renderExplanation, shorten } from './explanation.ts';
import { printable, renderJson } from '../printable.ts';
import { hang, openTerminal, type Colors } from './terminal.ts';

/** `localhost-forward doctor`. Resolves to the exit code: 1 where no strategy works. */
export const doctor = async ({
  json = false,
  explain = false,
}: {
  readonly json?: boolean;
  readonly explain?: boolean;
}): Promise<number> => {
  const { write, width, colors } = openTerminal(process.stdout);
  const report = await examine();
  const explanations = explain && report.engine !== null ? await explainAll(example) : [];
  const document = explain ? { ...report, explanations: explanations.map(shorten) } : report;
  if (json) write(`${renderJson(document, 2)}\n`);
  else {
    for (const line of renderReport(report, colors, width())) write(`${line}\n`);
    for (const one of explanations) write(['', ...renderExplanation(one, colors), ''].join('\n'));
  }
  return report.ok ? 0 : 1;
};

/** The port that strategies are explained by. */
const example = 8088;

/** The report as lines, an aspect each. */
export const renderReport = (
  {
    ok,
    strategy,
    privilege,
    engine,
    host,
    ladder,
    firewall,
    reasons,
    open,
    left,
    subnets,
    problem,
    docs,
  }: DoctorReport,
  colors: Colors,
  width?: number,
): string[] => {
  const mark = (good: boolean): string => (good ? colors.green('✓') : colors.red('✗'));
  const kinds =
    engine === null
      ? []
      : [
          engine.rootless ? 'rootless' : 'rootful',
          engine.remote ? 'remote' : 'local',
          ...(engine.vm === undefined ? [] : [`in ${engine.vm}`]),
          ...(engine.firewallBackend === undefined ? [] : [`firewall by ${engine.firewallBackend}`]),
        ];
  const walls =
    firewall === null
      ? []
      : [
          ...(firewall.ufw ? ['ufw'] : []),
          ...(firewall.firewalld ? ['firewalld'] : []),
          ...firewall.droppingPolicies.map((chain) => `${chain} drops by policy`),
        ];
  // Whether those live is not known: a sweep spares them.
  const unknown = left.filter(({ owner }) => owner !== null && /, (?:elsewhere|may be alive)$/.test(owner)).length;
  const dead = left.length - unknown;
  const behind = dead === 0 ? 'nothing left behind' : `${dead} left behind: localhost-forward sweep`;
  const row = (sign: string, name: string, text: string): string =>
    hang(`${sign} ${name.padEnd(nameWidth)} `, nameWidth + 3, text, width);
  return [
    row(
      mark(engine !== null),
      'engine',
      engine === null ? 'none answers' : `${engine.name} ${engine.version} at ${engine.endpoint}, ${kinds.join(', ')}`,
    ),
    ...ladder.map(({ privilege: name, works, reason }) => row(mark(works), `as ${name}`, reason)),
    row(
      ' ',
      'host',
      `${host.platform}, kernel ${host.kernel}, nft ${host.nft?.version ?? 'absent'}, iptables ${host.iptables === undefined ? 'absent' : `${host.iptables.version} (${host.iptables.variant})`}`,
    ),
    row(
      ' ',
      'firewall',
      firewall === null ? 'not readable' : walls.length === 0 ? 'nothing drops by policy' : walls.join(', '),
    ),
    ...reasons.map(({ strategy: name, chosen, reason }) => row(chosen ? mark(true) : ' ', name, reason)),
    ...(subnets === null ? [] : [row(' ', 'subnets', `${subnets.free} of ${subnets.pool} are free`)]),
    row(
      ' ',
      'forwards',
      [`${open} open`, ...(unknown > 0 ? [`${unknown} by processes that cannot be seen from here`] : []), behind].join(
        ', ',
      ),
    ),
    ...left.map(({ owner, things }) => row(' ', '', `${things.join(', ')} (${owner ?? 'owner unknown'})`)),
    ok ? `${colors.green('Works')}: ${strategy} as ${privilege}` : printable(problem ?? 'nothing works here'),
    ...(docs === undefined ? [] : [colors.dim(`More: ${docs}`)]),
  ];
};

/** The longest of its names: `as container`. */
const nameWidth = 12;
