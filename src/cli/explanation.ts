import type { Explanation } from '../doctor/explain.ts';
import type { Step } from '../strategies/told.ts';
import type { Colors } from './terminal.ts';

/** An explanation as lines, made to be read and compared: nothing is broken or cut but what a container's program would fill pages with. */
export const renderExplanation = (explanation: Explanation, colors: Colors): string[] => {
  const { strategy, privilege, network, hostnames, ports, opening, closing, death, omitted } = explanation;
  const { notes, composeOverride = '' } = explanation;
  const section = (title: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : ['', colors.bold(title), ...lines.map((line) => `  ${line}`)];
  return [
    `${colors.bold(strategy)} as ${privilege}, network ${network.name} ${network.subnet}; nothing is done`,
    ...ports.map(({ hostPort, containerPort, protocol }) => {
      const suffix = protocol === 'udp' ? ' (udp)' : '';
      return `${hostnames[0]}:${containerPort} → 127.0.0.1:${hostPort}${suffix}`;
    }),
    ...section('to open, in this order', renderSteps(opening)),
    ...section('to close, in this order, what nothing waits for at once', renderSteps(closing)),
    ...section('if this process dies', death),
    ...section('not installed', omitted),
    ...section('beside that', notes),
    ...section('named to compose', composeOverride.trimEnd().split('\n').filter(Boolean)),
  ];
};

/** The same for one document: what a program's text would fill pages with is cut as well. */
export const shorten = (explanation: Explanation): Explanation =>
  JSON.parse(JSON.stringify(explanation, cut)) as Explanation;

const renderSteps = (steps: readonly Step[]): string[] =>
  steps.flatMap(({ by, call, lines, body }, n) => [
    `${String(n + 1).padStart(2)}  ${by === call ? '' : `${by}: `}${call}`,
    ...lines.map((line) => `      ${line}`),
    ...(body === undefined ? [] : renderJson(body)).map((line) => `      ${line}`),
  ]);

/** A document as JSON, what fits a line in one. */
const renderJson = (value: unknown, start = '', end = ''): string[] => {
  const whole = `${start}${JSON.stringify(value, cut)}${end}`;
  if (whole.length <= lineWidth || typeof value !== 'object' || value === null) return [whole];
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}'];
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  const lines = members.flatMap(([key, member], n) =>
    renderJson(member, Array.isArray(value) ? '' : `${JSON.stringify(key)}: `, n === members.length - 1 ? '' : ','),
  );
  return [`${start}${open}`, ...lines.map((line) => `  ${line}`), `${close}${end}`];
};

const lineWidth = 160;

/** The longest word of a document that is told whole: a program's text is longer, and is in the package. */
const longest = 2_000;

const cut = (_key: string, value: unknown): unknown =>
  typeof value === 'string' && value.length > longest
    ? `(a program of this package, ${value.length} characters)`
    : value;
