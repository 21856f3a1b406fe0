// Plants each bug of the table in a copy of the tree and runs the tests that ought to see it: `node scripts/checks/run-mutants.mjs [words of names or files]`.
// First the same tests without any bug: tests that fail anyway would catch everything.
import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { MUTANTS, plant } from './mutants.mjs'

/** Prints a table, and gives how many were caught and how many were not. */
export async function runMutants(chosen = MUTANTS) {
  const tree = copyTree()
  const tests = await openTests(tree)
  try {
    const files = [...new Set(chosen.flatMap((mutant) => mutant.tests))]
    const healthy = await tests.run(files)
    if (healthy.failed.length > 0 || healthy.passed === 0) {
      console.log(`Without a bug fail already:\n  ${healthy.failed.join('\n  ')}`)
      return { caught: 0, missed: chosen.length }
    }
    console.log(`${healthy.passed} tests of ${files.length} files pass without a bug`)
    let caught = 0
    for (const mutant of chosen) if (await isCaught(tree, tests, mutant)) caught += 1
    console.log(`${caught} of ${chosen.length} planted bugs were caught`)
    return { caught, missed: chosen.length - caught }
  } finally {
    await tests.close()
    rmSync(tree, { recursive: true, force: true })
  }
}

async function isCaught(tree, tests, mutant) {
  const path = join(tree, mutant.file)
  const source = readFileSync(path, 'utf8')
  const planted = plant(source, mutant)
  if (planted === undefined) return report(mutant, 'NO LONGER FITS', '')
  writeFileSync(path, planted)
  const startedAt = performance.now()
  const { failed, broken } = await tests.run(mutant.tests, path)
  writeFileSync(path, source)
  tests.forget(path)
  const seconds = `${Math.round((performance.now() - startedAt) / 1000)} s`
  if (failed.length > 0) return report(mutant, 'caught', `${seconds}, ${failed.length} of its tests: ${failed[0]}`)
  return report(mutant, broken ? 'BROKE ITS TESTS' : 'SURVIVED', `${seconds}, ${mutant.tests.join(' ')}`)
}

function report({ name, file }, verdict, how) {
  console.log(`${verdict.padEnd(8)} ${name} (${file})${how === '' ? '' : ` — ${how}`}`)
  return verdict === 'caught'
}

/** What git knows of, and what is new. Tasks of the tests may be another user, so the copy can be entered. */
function copyTree() {
  const tree = mkdtempSync(join(tmpdir(), 'sluice-mutants-'))
  chmodSync(tree, 0o755)
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard']).toString()
  for (const file of listed.split('\0').filter((name) => name !== '' && name !== 'node_modules'))
    cpSync(file, join(tree, file), { force: true })
  symlinkSync(resolve('node_modules'), join(tree, 'node_modules'))
  return tree
}

/** One vitest for all of them: the stores are started once. */
async function openTests(tree) {
  const { createVitest } = await import('vitest/node')
  process.chdir(tree)
  delete process.env.SLUICE_TEST_LONG // it is meant for tests that run once
  const vitest = await createVitest('test', { root: tree, watch: false, reporters: [{}], silent: true })
  const forget = (path) => vitest.invalidateFile(path)
  const all = await vitest.globTestSpecifications()
  return {
    forget,
    async run(files, changed) {
      if (changed !== undefined) forget(changed)
      const specs = all.filter(({ moduleId }) => files.includes(moduleId.slice(tree.length + 1)))
      if (specs.length < files.length) throw new Error(`some of these tests are not there: ${files.join(' ')}`)
      const ran = await vitest.runTestSpecifications(specs, false)
      // Its answer holds what ran before, too.
      const testModules = ran.testModules.filter(({ moduleId }) => files.includes(moduleId.slice(tree.length + 1)))
      const cases = testModules.flatMap((module) => [...module.children.allTests()])
      const states = (state) => cases.filter((one) => one.result().state === state)
      return {
        passed: states('passed').length,
        failed: states('failed').map(({ fullName }) => fullName),
        broken: testModules.some((module) => !module.ok()),
      }
    },
    close: () => vitest.close(),
  }
}

if (process.argv[1] === import.meta.filename) {
  const words = process.argv.slice(2)
  const { missed } = await runMutants(
    MUTANTS.filter(({ name, file }) => words.every((word) => `${name} ${file}`.includes(word))),
  )
  process.exitCode = missed > 0 ? 1 : 0
}
