import { expect, test } from 'vitest';
import { chooseToolsImage } from '../../../src/host/tools-image.ts';

test.each<[string, string | undefined, readonly string[], string | undefined]>([
  ['none named, nothing here', undefined, [], undefined],
  ['an empty name', '', [], undefined],
  ['named, nothing here', 'tools', [], 'tools'],
  ['named, nft here', 'tools', ['nft'], undefined],
  ['named, iptables here', 'tools', ['iptables'], undefined],
  ['named, both here', 'tools', ['nft', 'iptables'], undefined],
  ['named, and nothing here makes rules', 'tools', ['tee', 'iptables-save', 'tc'], 'tools'],
])('an image is asked only where this host has no program of its own: %s', (_, named, own, image) => {
  expect(chooseToolsImage(named, (program) => own.includes(program))).toBe(image);
});
