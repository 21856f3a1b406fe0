import type { Parameters } from 'fast-check'

/** `./scripts/test --long` gives properties this many times the runs, and one seed for all of them, which it prints. */
const TIMES = 25
export const isLong = process.env.SLUICE_TEST_LONG === 'yes'
const seed = Number.parseInt(process.env.SLUICE_TEST_SEED ?? '', 10)

/** What every `fc.assert` is given. */
export const effort = (numRuns: number): Pick<Parameters, 'numRuns' | 'seed'> => ({
  numRuns: isLong ? numRuns * TIMES : numRuns,
  ...(Number.isNaN(seed) ? {} : { seed }),
})

/** What a test with a property may take, on a machine that is busy. */
export const PROPERTY_MS = isLong ? 1_800_000 : 60_000
