// An HTTP service, for another network than the test's own: says `port <number>`.
//   node test/support/programs/service.ts [host]
import { listenTcp } from '../services.ts';

const [host = '127.0.0.1'] = process.argv.slice(2);
const { port } = await listenTcp({ host });
console.log(`port ${port}`);
