import { defineConfig } from 'vitest/config';

export default defineConfig({ test: { setupFiles: ['localhost-forward/vitest/matchers'], testTimeout: 60_000 } });
