import { defineConfig } from 'vitest/config'

/** Flows, unless it is asked for pictures or for measures. */
const wanted = process.env['CAPSTAN_SCREENSHOTS']
  ? 'tests/shots/*.shots.ts'
  : process.env['CAPSTAN_MEASURES']
    ? 'tests/measures/*.measure.ts'
    : 'tests/flows/*.flow.ts'

/** A flow is a person with a browser: real Chromium, real server, real database. */
export default defineConfig({
  test: {
    include: [wanted],
    globalSetup: 'tests/flows/setup.ts',
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 60_000,
  },
})
