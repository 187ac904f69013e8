import * as fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { runProgram } from '../../src/cli/program.ts';
import { isHarmless, runs, text } from './generated.ts';

// What would begin to do something: here it is written down.
const begun: { readonly command: string; readonly given: unknown }[] = [];
const stand = (command: string) => async (given: unknown) => {
  begun.push({ command, given });
  return 0;
};
vi.mock('../../src/cli/smoke.ts', () => ({ smoke: stand('smoke') }));
vi.mock('../../src/cli/run.ts', () => ({ run: stand('run') }));
vi.mock('../../src/cli/doctor.ts', () => ({ doctor: stand('doctor') }));
vi.mock('../../src/cli/ls.ts', () => ({ ls: stand('ls') }));
vi.mock('../../src/cli/sweep.ts', () => ({ sweep: stand('sweep') }));

const word = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom('run', 'smoke', 'ls', 'doctor', 'sweep', '8088', '8088:80', '53/udp', '--', 'true'),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      '--json',
      '--all',
      '--strategy',
      'relay',
      '--port',
      '--hostname',
      'a.b',
      '--compose',
      '--no-verify',
      '--help',
    ),
  },
  { weight: 1, arbitrary: text },
  { weight: 1, arbitrary: text.map((more) => `--${more}`) },
  { weight: 1, arbitrary: text.map((more) => `--strategy=${more}`) },
);

const told: string[] = [];
for (const stream of [process.stdout, process.stderr])
  vi.spyOn(stream, 'write').mockImplementation((part) => {
    told.push(String(part));
    return true;
  });

test('a command line is understood, or refused with 2 and before anything begins', async () => {
  const codes = new Set<number>();
  const check = async (argv: readonly string[]): Promise<void> => {
    begun.length = told.length = 0;
    const code = await runProgram(argv);
    codes.add(code);
    expect([0, 2]).toContain(code);
    if (code === 2) expect(begun).toEqual([]);
    expect(isHarmless(told.join('').replaceAll(/\u001b\[\d+m/g, ''))).toBe(true);
    for (const { command, given } of begun) {
      expect(argv).toContain(command);
      const { ports = [] } = given as { ports?: readonly { hostPort: number }[] };
      expect(ports.every(({ hostPort }) => hostPort >= 0 && hostPort <= 65_535)).toBe(true);
    }
  };
  await fc.assert(fc.asyncProperty(fc.array(word, { maxLength: 6 }), check), runs('command lines', 500));
  expect(codes).toEqual(new Set([0, 2]));
});
