import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OwnerJudgement } from '../../src/ownership/judge-owner.ts';
import { projectRoot, spawnScript, type Script } from '../support/children.ts';
import { execHere, outputOf, spawnHere } from '../support/run.ts';

/** Commands that each start the next one in other surroundings: `[…, 'setpriv', '--reuid', …]`. */
export type Enter = readonly string[];

export const asUser = (uid: number): Enter => [
  'setpriv',
  `--reuid=${uid}`,
  `--regid=${uid}`,
  '--clear-groups',
  '--no-new-privs',
];

/** Root that may neither look into nor signal the processes of others, as any user. */
export const asPoorRoot: Enter = [
  'setpriv',
  '--inh-caps=-sys_ptrace,-kill',
  '--bounding-set=-sys_ptrace,-kill',
  '--no-new-privs',
];

const inMounts = (mount: string): Enter => ['unshare', '--mount', 'sh', '-ec', `${mount}; exec "$0" "$@"`];

/** A /proc mounted with these options. */
export const withProc = (options: string): Enter => inMounts(`mount -t proc -o ${options} proc /proc`);

/** No /proc at all. */
export const withoutProc = inMounts('mount -t tmpfs tmpfs /proc');

/** A host by another name, as copies of one machine have them. */
export const withName = (name: string): Enter => ['unshare', '--uts', 'sh', '-ec', 'hostname "$0"; exec "$@"', name];

/** A time namespace in which the system has been up for a day longer. */
export const upLonger: Enter = ['unshare', '--time', '--boottime', '100000', '--fork'];

/** A pid namespace of its own, with the /proc of the one around it. */
export const withOuterProc: Enter = ['unshare', '--pid', '--fork'];

/** Node and what judges owners, where any user may run them. */
export interface Surroundings extends AsyncDisposable {
  /** Starts a process that is an owner, and tells its session. Its input's end is its own. */
  startOwner(enter: Enter): Promise<{ session: string; end(): Promise<void> }>;
  judge(enter: Enter, session: string): Promise<OwnerJudgement>;
  /** The judgements on one process by another in the same surroundings: while it lives, and after. */
  judgeBoth(enter: Enter): Promise<readonly OwnerJudgement[]>;
}

const programs = 'test/crash/surroundings';

export const openSurroundings = async (): Promise<Surroundings> => {
  const folder = await mkdtemp(join(tmpdir(), 'lhf-surroundings-'));
  for (const part of ['src/ownership', programs])
    await cp(join(projectRoot, part), join(folder, part), { recursive: true });
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  await writeFile(join(folder, 'node'), '');
  await outputOf(execHere, ['chmod', '-R', 'a+rX', folder]);
  // The folders above node, and above the project, may be closed to other users.
  const withNode = inMounts(`mount --bind ${process.execPath} node`);
  const start = (enter: Enter, program: string, args: readonly string[] = []): Script =>
    spawnScript({
      file: `./${programs}/${program}.ts`,
      args,
      cwd: folder,
      spawn: ([, ...rest], given) => spawnHere([...withNode, ...enter, './node', ...rest], given),
    });
  const say = async <T>(enter: Enter, program: string, args?: readonly string[]): Promise<T> => {
    await using script = start(enter, program, args);
    const line = await script.waitForLine(/^[[{]/);
    await script.exit;
    return JSON.parse(line) as T;
  };
  return {
    startOwner: async (enter) => {
      const script = start(enter, 'owner');
      const session = await script.waitForLine(/^[0-9a-z-]+$/);
      const end = async (): Promise<void> => {
        script.endInput();
        await script.exit;
      };
      return { session, end };
    },
    judge: (enter, session) => say(enter, 'judge', [session]),
    judgeBoth: (enter) => say(enter, 'judge-both', ['./node']),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
};
