import { createHash } from 'node:crypto';

/*
 * An archive of an image with one empty layer, as `docker load` takes it. It is the same bytes each time and so the same image:
 * however many processes load it at once, there is one of it.
 */

const block = 512;

/** Two blocks of zeros are an archive without a file: the layer. */
const emptyArchive = Buffer.alloc(2 * block);

/** The archive of the empty image under a name. */
export const renderEmptyImage = (name: string): Buffer => {
  const config = JSON.stringify({
    architecture: { x64: 'amd64', arm: 'arm' }[process.arch as 'x64' | 'arm'] ?? process.arch,
    os: 'linux',
    config: {},
    rootfs: { type: 'layers', diff_ids: [`sha256:${hash(emptyArchive)}`] },
    history: [{ created: '1970-01-01T00:00:00Z', comment: 'localhost-forward' }],
    created: '1970-01-01T00:00:00Z',
  });
  const configName = `${hash(config)}.json`;
  const manifest = JSON.stringify([{ Config: configName, RepoTags: [name], Layers: ['layer.tar'] }]);
  const files = [
    renderFile('manifest.json', manifest),
    renderFile(configName, config),
    renderFile('layer.tar', emptyArchive),
  ];
  return Buffer.concat([...files, emptyArchive]);
};

// A ustar header, see tar(5): numbers are octal text, and the checksum is taken with spaces in its own place.
const renderFile = (name: string, content: string | Buffer): Buffer => {
  const body = Buffer.from(content);
  const header = Buffer.alloc(block);
  header.write(name, 0, 100);
  header.write('0000644\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  header.write(`${body.length.toString(8).padStart(11, '0')}\0`, 124);
  header.write(`${'0'.repeat(11)}\0`, 136);
  header.write(' '.repeat(8), 148);
  header.write('0', 156);
  header.write('ustar\x0000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return Buffer.concat([header, body, Buffer.alloc((block - (body.length % block)) % block)]);
};

const hash = (content: string | Buffer): string => createHash('sha256').update(content).digest('hex');
