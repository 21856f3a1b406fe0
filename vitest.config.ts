import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  oxc: { jsx: { runtime: 'automatic', importSource: 'hono/jsx' } },
  test: {
    globalSetup: 'test/support/stores.ts',
    include: ['test/**/*.test.{ts,tsx}'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    maxConcurrency: availableParallelism() + 2, // of tests that say so: they wait most of the time
    maxWorkers: 2, // most tests wait for processes of their own, and two cores are what CI has
  },
})
