import { expect, it } from 'vitest';
import { FlushReader, OwnDeletions } from '../../../../../src/strategies/netfilter/iptables/flush-watch.ts';

const read = (...parts: readonly string[]): (string | undefined)[] => {
  const reader = new FlushReader('abcde', new OwnDeletions());
  return parts.flatMap((part) => [...reader.read(part)]);
};

// As `nft monitor destroy rules` prints them.
it.each([
  ['a bridge’s own chain', 'delete rule ip nat LHF-lhf-abcde123 handle 8', ['lhf-abcde123']],
  ['the process’s', 'delete rule ip raw LHF-abcde handle 7', [undefined]],
  ['the one that all share', 'delete rule ip nat LHF handle 9', [undefined]],
  ['the base chain', 'delete rule ip nat PREROUTING handle 3', [undefined]],
  ['another bridge of a later nft', 'destroy rule ip nat LHF-lhf-abcde124 handle 3', ['lhf-abcde124']],
  ['another process’s', 'delete rule ip nat LHF-abcdf handle 3', []],
  ['another process’s bridge', 'delete rule ip nat LHF-lhf-abcdf123 handle 3', []],
  ['somebody else’s', 'delete rule ip nat DOCKER handle 3', []],
  ['another table', 'delete rule ip filter PREROUTING handle 3', []],
  ['more than was read', '# ERROR: We lost some netlink events!', [undefined]],
])('a rule of %s', (_, line, bridges) => {
  expect(read(`${line}\n`)).toEqual(bridges);
});

it('is nobody else’s where this process took as many of that chain', () => {
  const own = new OwnDeletions();
  own.expect(new Map([['nat LHF-lhf-abcde123', 2]]));
  own.expect(new Map([['nat LHF-abcde', 1]]));
  own.unexpect(new Map([['nat LHF-abcde', 1]]));
  const line = 'delete rule ip nat LHF-lhf-abcde123 handle 8\n';
  const reader = new FlushReader('abcde', own);
  expect([...reader.read(line + line)]).toEqual([]);
  expect([...reader.read(line)]).toEqual(['lhf-abcde123']);
  expect([...reader.read('delete rule ip nat LHF-abcde handle 7\n')]).toEqual([undefined]);
});

it('may be anybody’s once the kernel has told more than was read', () => {
  const own = new OwnDeletions();
  own.expect(new Map([['nat LHF-lhf-abcde123', 2]]));
  const reader = new FlushReader('abcde', own);
  reader.read('# ERROR: We lost some netlink events!\n');
  expect([...reader.read('delete rule ip nat LHF-lhf-abcde123 handle 8\n')]).toEqual(['lhf-abcde123']);
});

it('is told however it comes in parts', () => {
  const line = 'delete rule ip nat LHF-lhf-abcde123 handle 8\n';
  for (let length = 0; length < line.length; length += 1)
    expect(read(line.slice(0, length), line.slice(length))).toEqual(['lhf-abcde123']);
});
