// Checks, then tests; counts both. A check is one test, passed or failed.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CHECKS, runCheck } from './all.mjs'

// SLUICE_* of the caller would change what is tested.
for (const name of Object.keys(process.env))
  if (/^(SLUICE_(?!TEST_)|DATABASE_URL$|REDIS_URL$)/.test(name)) delete process.env[name]

const checks = Object.keys(CHECKS).map((name) => runCheck(name))
const folder = mkdtempSync(join(tmpdir(), 'sluice-report-'))
const report = join(folder, 'report.json')
const words = ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...process.argv.slice(2)]
const { status } = spawnSync(process.execPath, ['node_modules/vitest/vitest.mjs', ...words], { stdio: 'inherit' })

const { passed, failed, skipped, backends } = readReport()
rmSync(folder, { recursive: true, force: true })
console.log(`Tests on the queue: ${backends.redis} on Redis, ${backends.postgres} on PostgreSQL`)
const isUneven = backends.redis !== backends.postgres
if (isUneven) console.log('Both backends must be tested alike.')

for (const name of skipped) console.log(`Skipped: ${name}`)
// With words only some tests are asked for, and planted bugs are none of them.
const isWhole = process.env.SLUICE_TEST_LONG === 'yes' && process.argv.length === 2
const { caught, missed } = isWhole ? await (await import('./run-mutants.mjs')).runMutants() : { caught: 0, missed: 0 }

const failures = failed + missed + checks.filter((isOk) => !isOk).length + (isUneven ? 1 : 0)
// A run that ended otherwise than its tests did is a failure of its own: an error outside a test, or a report that is missing.
const silent = failures === 0 && status !== 0 ? 1 : 0
console.log(`${passed + caught + checks.filter(Boolean).length} passed, ${failures + silent} failed`)
process.exitCode = failures + silent > 0 ? 1 : 0

function readReport() {
  try {
    const { testResults } = JSON.parse(readFileSync(report, 'utf8'))
    const tests = testResults.flatMap(({ assertionResults }) => assertionResults)
    const count = (of) => tests.filter(of).length
    const on = (backend) => count(({ fullName }) => fullName.includes(`[${backend}]`))
    const broken = testResults.filter(
      ({ status, assertionResults }) => status === 'failed' && assertionResults.every((one) => one.status !== 'failed'),
    )
    return {
      passed: count((one) => one.status === 'passed'),
      failed: count((one) => one.status === 'failed') + broken.length,
      skipped: tests
        .filter(({ status }) => status === 'skipped' || status === 'pending')
        .map(({ fullName }) => fullName),
      backends: { redis: on('redis'), postgres: on('postgres') },
    }
  } catch (error) {
    console.error(`vitest left no report: ${error.message}`)
    return { passed: 0, failed: 1, skipped: [], backends: { redis: 0, postgres: 0 } }
  }
}
