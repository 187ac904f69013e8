export { globalTeardown as default } from './global.ts';
