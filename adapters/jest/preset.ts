import { fileURLToPath } from 'node:url';

// As files and not as package names: Jest would look for those from the user's root, where a workspace may not have them.
const beside = (name: string): string => fileURLToPath(new URL(`./${name}`, import.meta.url));

export const globalSetup = beside('jest-global-setup.cjs');
export const globalTeardown = beside('jest-global-teardown.cjs');
