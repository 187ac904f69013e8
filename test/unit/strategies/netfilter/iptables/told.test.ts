import { expect, test } from 'vitest';
import { parseMonitors, untilToldTo } from '../../../../../src/strategies/netfilter/iptables/flush-watch.ts';

// As Linux 6.18 has it, with a socket of `nft monitor` and one that listens to conntrack alone.
const table = `sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode
00000000b234736b 0   0          00000000 0        0        0     2        0        4
0000000048d55b5d 12  0          00000000 0        0        0     2        0        494
00000000c4a3f0aa 12  31337      00000040 0        0        0     2        0        78521001
00000000c4a3f0ab 12  31338      00000007 0        0        0     2        0        78521002
00000000c4a3f0ac 16  31339      00000040 0        0        0     2        0        78521003
`;

test('who is told of tables is read from the kernel’s list', () => {
  expect(parseMonitors(table)).toEqual(['78521001']);
  expect(parseMonitors('')).toEqual([]);
});

test('another one than before is waited for, and whoever comes within a second of it', async () => {
  const lists = [['1'], ['1'], ['2', '1'], ['1'], ['3', '1']];
  let looks = 0;
  await untilToldTo(['1'], async () => lists[(looks += 1) - 1] ?? ['1']);
  expect(looks).toBe(lists.length + 40);
});
