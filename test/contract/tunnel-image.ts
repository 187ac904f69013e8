import Docker from 'dockerode';
import { importSshdImage } from '../support/sshd-image.ts';
import { strategies } from './strategies.ts';

/** The image that the strategy tunnel would pull elsewhere. */
export const setup = async (): Promise<void> => {
  if (!strategies.some(({ name }) => name === 'tunnel')) return;
  process.env['LOCALHOST_FORWARD_TUNNEL_IMAGE'] = await importSshdImage(new Docker());
};
