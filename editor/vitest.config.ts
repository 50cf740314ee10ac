import { defineConfig } from 'vitest/config'

export default defineConfig({
  // Thousands of random graphs take long where other work is done, too.
  test: { include: ['src/**/*.test.ts', 'src/**/*.test.tsx'], pool: 'threads', testTimeout: 60_000 },
})
