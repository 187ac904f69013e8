// Runs a command of the user's shell on a terminal of its own, on which each line of standard input presses Ctrl+C and Enter.
//   node test/engine/programs/on-terminal.ts <command>
import { spawn } from 'node:child_process';

const script = spawn('script', ['-qefc', process.argv[2] ?? '', '/dev/null'], {
  stdio: ['pipe', 'inherit', 'inherit'],
});
process.stdin.on('data', () => script.stdin.write('\x03\n'));
script.on('exit', (code) => process.exit(code ?? 1));
