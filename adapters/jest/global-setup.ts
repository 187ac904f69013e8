export { globalSetup as default } from './global.ts';
