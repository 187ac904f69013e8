import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { isLocalhostForwardError } from '../errors.ts';
import { strategyNames, type PortForward } from '../types.ts';
import { readVersion } from '../version.ts';
import { ComposeRefusal } from './compose-files.ts';
import { parsePortWord } from './ports.ts';
import { openTerminal, wrap } from './terminal.ts';
import { nameOf, refuseUsage, renderRefusal, renderUsageError, usageExitCode } from './usage.ts';

/** Runs one command line to its end. Resolves to the exit code. */
export const runProgram = async (argv: readonly string[]): Promise<number> => {
  // What follows `--` is somebody else's command line, and not ours to read.
  const at = argv.indexOf('--');
  const own = at < 0 ? argv : argv.slice(0, at);
  const command = at < 0 ? undefined : argv.slice(at + 1);
  let exitCode = 0;
  const program = describeProgram((code) => (exitCode = code), command);
  try {
    if (argv.length === 0) refuseUsage(program, 'which command?');
    await program.parseAsync([...own], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : usageExitCode;
    throw error;
  }
};

type Finish = (code: number) => void;

const describeProgram = (finish: Finish, command: readonly string[] | undefined): Command => {
  const program = new Command('localhost-forward')
    .description("Docker containers reach a service on this host's 127.0.0.1: exactly that one.")
    .version(readVersion(), '--version')
    .helpCommand(false)
    .helpOption('-h, --help', 'show this help')
    .addHelpText('after', () => renderNotes([portHelp, 'Exit code 2: the command line was not understood.']));
  prepare(program);
  addSmoke(program, finish, command);
  addRun(program, finish, command);
  addDoctor(program, finish, command);
  addLs(program, finish, command);
  addSweep(program, finish, command);
  // As git and docker take it. The list of commands is short enough without.
  const help = prepare(new Command('help')).argument('[command]', 'what to show the help of');
  help.action((name: string | undefined) => {
    const asked = program.commands.find((one) => one !== help && one.name() === name);
    if (name !== undefined && asked === undefined) program.error(`error: unknown command '${name}'`);
    (asked ?? program).outputHelp();
  });
  return program.addCommand(help, { hidden: true });
};

const addSmoke = (program: Command, finish: Finish, rest: readonly string[] | undefined): void => {
  const smoke = add(program, 'smoke', 'prove on this machine that it works, and that nothing is left')
    .addOption(
      new Option('--strategy <name>', 'auto, all that are available, or one by its name').choices([
        'auto',
        'all',
        ...strategyNames,
      ]),
    )
    .addOption(
      new Option('--port <port>', 'the port to prove')
        .argParser((word: string, before: PortForward | undefined) => {
          if (before !== undefined) throw new InvalidArgumentError(`expected one port, got '${word}' as well`);
          return readPort(word);
        })
        .default(undefined, 'a free one'),
    )
    .option('--hermetic', 'prove that containers reach the forwarded port and nothing else')
    .option('--json', 'print one JSON document')
    .option('--junit <file>', 'write a JUnit report')
    .option('--trace <file>', 'write where the time goes, for ui.perfetto.dev or about:tracing');
  smoke.action(async ({ port = { hostPort: 0 }, ...options }) => {
    refuseRest(smoke, rest);
    if (options.hermetic === true && port.protocol === 'udp')
      refuseUsage(smoke, "'--hermetic' is proven by a TCP port");
    const { smoke: run } = await import('./smoke.ts');
    finish(await refusing(smoke, () => run({ port, ...options })));
  });
};

const addRun = (program: Command, finish: Finish, rest: readonly string[] | undefined): void => {
  const run = add(program, 'run', 'open a forward, run a command, close it, pass its exit code on')
    .usage('<port...> [options] -- <command...>')
    .argument('<port...>', 'service ports', (word: string, ports: readonly PortForward[] | undefined) => [
      ...(ports ?? []),
      readPort(word, ports === undefined),
    ])
    .addOption(new Option('--strategy <name>', 'auto, or one by its name').choices(['auto', ...strategyNames]))
    .addOption(
      new Option(
        '--hostname <name>',
        'what containers dial, or one more name (default: host.docker.internal)',
      ).argParser((name: string, names: readonly string[] | undefined) => [...(names ?? []), name]),
    )
    .option('--subnet <cidr>', "the network's subnet (default: a small free one)")
    .option('--compose <service...>', 'services of a compose project that join the network, for `docker compose`')
    .option('--hermetic', 'containers reach these ports and each other, and nothing else')
    .option('--no-verify', 'do not prove it from a container first')
    .option('--dry-run', 'print what would be done and how it is undone, and do nothing; no command is needed')
    .option('--json', 'with --dry-run: print one JSON document')
    .addHelpText('after', () => renderNotes(runNotes, runExamples));
  run.action(async (ports: readonly PortForward[], { verify, compose, dryRun = false, json = false, ...given }) => {
    const options = { ...given, ...(verify === false ? { verify } : {}) };
    if (dryRun) {
      const { dryRun: tell } = await import('./dry-run.ts');
      finish(await refusing(run, () => tell({ ports, options, json, compose })));
      return;
    }
    if (json) refuseUsage(run, "'--json' goes with '--dry-run'");
    const [file, ...args] = rest ?? [];
    if (file === undefined || file === '') {
      refuseUsage(run, `no command to run: put it after '--'`);
      return;
    }
    const { run: start } = await import('./run.ts');
    finish(
      await refusing(run, () =>
        start({
          ports,
          options,
          command: [file, ...args],
          ...(compose === undefined ? {} : { compose }),
        }),
      ),
    );
  });
};

const addDoctor = (program: Command, finish: Finish, rest: readonly string[] | undefined): void => {
  const doctor = add(program, 'doctor', 'tell what this machine offers, and leave nothing')
    .option('--explain', 'for each strategy that works: what it would do for port 8088, and how it is undone')
    .option('--json', 'print one JSON document');
  doctor.action(async (options: { explain?: boolean; json?: boolean }) => {
    refuseRest(doctor, rest);
    const { doctor: run } = await import('./doctor.ts');
    finish(await refusing(doctor, () => run(options)));
  });
};

const addLs = (program: Command, finish: Finish, rest: readonly string[] | undefined): void => {
  const ls = add(program, 'ls', 'list the forwards on this machine, with their owners').option(
    '--json',
    'print one JSON document',
  );
  ls.action(async (options: { json?: boolean }) => {
    refuseRest(ls, rest);
    const { ls: run } = await import('./ls.ts');
    finish(await refusing(ls, () => run(options)));
  });
};

const addSweep = (program: Command, finish: Finish, rest: readonly string[] | undefined): void => {
  const sweep = add(program, 'sweep', 'remove what dead runs left')
    .option('--all', 'whatever carries our mark, living owners included')
    .option('--json', 'print one JSON document');
  sweep.action(async (options: { all?: boolean; json?: boolean }) => {
    refuseRest(sweep, rest);
    const { sweep: run } = await import('./sweep.ts');
    finish(await refusing(sweep, () => run(options)));
  });
};

const portHelp = 'A port is 8088, 8088:80 (host:container) or 0 (a free one), each with /udp if need be.';

const runNotes = [
  portHelp,
  'The command finds in its environment LOCALHOST_FORWARD_NETWORK, _HOST, _GATEWAY, _PORTS and _URL. Signals are passed on to it. The service may start later.',
];

const runExamples = [
  ['localhost-forward run 8088', '-- npm test'],
  ['localhost-forward run 8088:80 53/udp', '-- npm test'],
  ['localhost-forward run 8088 --compose web', '-- docker compose up'],
  ['localhost-forward run 8088 --dry-run', ''],
] as const;

/** As wide as the terminal, and at most 80 columns. */
const helpWidth = (): number => Math.min(80, openTerminal(process.stdout).width() ?? 80);

/** Sentences in lines, and examples that can be copied, whole or with a backslash where they are too long. */
const renderNotes = (notes: readonly string[], examples: readonly (readonly [string, string])[] = []): string => {
  const width = helpWidth();
  const lines = examples.map(([first, rest]) =>
    first.length + rest.length + 3 <= width ? `  ${first} ${rest}`.trimEnd() : `  ${first} \\\n    ${rest}`,
  );
  return ['', ...notes.flatMap((note) => wrap(note, width)), ...(lines.length === 0 ? [] : ['', ...lines])].join('\n');
};

const add = (program: Command, name: string, description: string): Command => {
  return prepare(program.command(name).description(description));
};

const prepare = (command: Command): Command =>
  command
    .helpOption('-h, --help', 'show this help')
    .allowExcessArguments(false)
    .exitOverride()
    .configureHelp({
      helpWidth: helpWidth(),
      minWidthToWrap: 20,
      commandUsage: (one) => wrap(`${nameOf(one)} ${one.usage()}`, helpWidth() - 'Usage: '.length).join('\n       '),
    })
    .configureOutput({ outputError: (text, write) => write(renderUsageError(command, text)) });

const readPort = (word: string, isFirst?: boolean): PortForward => {
  try {
    return parsePortWord(word, isFirst);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
};

const refuseRest = (command: Command, rest: readonly string[] | undefined): void => {
  if (rest !== undefined) refuseUsage(command, `unexpected '--'`);
};

// What the library refuses before any effect is a mistake in the command line, or in the environment.
const refusing = async (command: Command, work: () => Promise<number>): Promise<number> =>
  work().catch((error: unknown) => {
    if (isLocalhostForwardError(error) && error.code === 'LHF_ERR_INVALID_OPTION')
      return refuseUsage(command, renderRefusal(error));
    if (error instanceof ComposeRefusal) return refuseUsage(command, error.message);
    throw error;
  });
