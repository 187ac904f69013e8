import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { renderEmptyImage } from '../../../src/engine/empty-image.ts';

const read = (name: string): Buffer =>
  execFileSync('tar', ['-xOf', '-', name], { input: renderEmptyImage('some/name:tag') });
const hashOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

it('is the same bytes each time, so that two who load it make one image', () => {
  expect(renderEmptyImage('some/name:tag').equals(renderEmptyImage('some/name:tag'))).toBe(true);
});

it('is an archive whose parts name each other by their hashes', () => {
  const [manifest] = JSON.parse(read('manifest.json').toString()) as [
    { Config: string; RepoTags: string[]; Layers: string[] },
  ];
  expect(manifest.RepoTags).toEqual(['some/name:tag']);
  const config = read(manifest.Config);
  expect(manifest.Config).toBe(`${hashOf(config)}.json`);
  const { rootfs } = JSON.parse(config.toString()) as { rootfs: { diff_ids: string[] } };
  expect(rootfs.diff_ids).toEqual(manifest.Layers.map((layer) => `sha256:${hashOf(read(layer))}`));
});
