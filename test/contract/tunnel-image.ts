import Docker from 'dockerode';
import { importSshdImage } from '../support/sshd-image.ts';
import { strategies } from './strategies.ts';

/** The image that the strategy tunnel would pull elsewhere. */
export const setup = async (): Promise<void> => {
  // Whoever started the engine may have made it already: files of an ordinary user's would be nobody's in its containers.
  if (process.env['LOCALHOST_FORWARD_TUNNEL_IMAGE'] !== undefined) return;
  if (!strategies.some(({ name }) => name === 'tunnel')) return;
  process.env['LOCALHOST_FORWARD_TUNNEL_IMAGE'] = await importSshdImage(new Docker());
};
