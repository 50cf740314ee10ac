import { defineConfig } from 'vitest/config'

/** A flow is a person with a browser: real Chromium, real server, real database. */
export default defineConfig({
  test: {
    include: [process.env['CAPSTAN_SCREENSHOTS'] ? 'tests/shots/*.shots.ts' : 'tests/flows/*.flow.ts'],
    globalSetup: 'tests/flows/setup.ts',
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 60_000,
  },
})
