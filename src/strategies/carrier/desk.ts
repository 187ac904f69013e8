import { connect } from 'node:net';
import { LocalhostForwardError } from '../../errors.ts';
import { clearTimeout, setTimeout, whenHeard } from '../../clock.ts';
import { findSocketFolder, socketIn } from './folders.ts';
import type { DeskQuestion } from './orders.ts';

/** How long an answer may take, in milliseconds: the thread that gives it does nothing else for long. */
const answerMs = 10_000;

/** What a forward's desk is asked, in another process than the one that carries its bytes. */
export type Ask = <T>(question: DeskQuestion) => Promise<T | undefined>;

/** Asks the desk of a forward of this user's. @throws LHF_ERR_CLOSED where nobody is there any more */
export const askDesk =
  (bridge: string): Ask =>
  async <T>(question: DeskQuestion): Promise<T | undefined> => {
    const folder = await findSocketFolder(bridge);
    if (folder === undefined) throw nobodyThere(bridge);
    const text = await exchange(socketIn(folder, 'desk'), JSON.stringify(question)).catch((error: unknown) => {
      throw nobodyThere(bridge, error);
    });
    return (JSON.parse(text) as { readonly value?: T }).value;
  };

const exchange = (path: string, question: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect({ path });
    let answer = '';
    const giveUp = (): unknown => socket.destroy(new Error(`no answer within ${answerMs} ms`));
    const late = setTimeout(() => whenHeard(giveUp), answerMs);
    socket
      .setEncoding('utf8')
      .on('data', (text: string) => (answer += text))
      .on('error', reject)
      .on('close', () => {
        clearTimeout(late);
        if (answer.endsWith('\n')) resolve(answer);
        else reject(new Error('it hung up'));
      })
      .end(`${question}\n`);
  });

const nobodyThere = (bridge: string, cause?: unknown): LocalhostForwardError =>
  new LocalhostForwardError(
    'LHF_ERR_CLOSED',
    {
      what: `The process that carries the bytes of ${bridge} does not answer: it has closed the forward, has ended, or is another user's`,
      try: 'localhost-forward ls',
    },
    { cause },
  );
