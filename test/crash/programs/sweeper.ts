// Sweeps once, whatever comes of it: node test/crash/programs/sweeper.ts
import { sweep } from '../../../src/index.ts';

await sweep();
