// All that can be said of the code without running it. Arguments: names of checks; none is all of them.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const bin = (name) => [process.execPath, `node_modules/${name}`]
const own = (name) => [process.execPath, fileURLToPath(new URL(name, import.meta.url))]

export const CHECKS = {
  lint: [...bin('@biomejs/biome/bin/biome'), 'check', '--error-on-warnings', '.'],
  types: [...bin('typescript/bin/tsc')],
  imports: own('imports.mjs'),
  size: own('size.mjs'),
  dead: [...bin('knip/bin/knip.js'), '--no-config-hints'],
}

/** Says how the check went, and what it said when it failed; the size report is shown always. */
export function runCheck(name) {
  const [command, ...words] = CHECKS[name]
  const startedAt = performance.now()
  const env = { ...process.env, NO_COLOR: '1' }
  const { status, stdout, stderr } = spawnSync(command, words, { encoding: 'utf8', env })
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  console.log(`${name}: ${status === 0 ? 'ok' : 'FAILED'} (${seconds} s)`)
  if (status !== 0 || name === 'size') process.stdout.write(stdout)
  if (status !== 0) process.stderr.write(stderr)
  return status === 0
}

function main(asked) {
  const unknown = asked.filter((name) => !(name in CHECKS))
  if (unknown.length > 0) {
    console.error(`There is no check ${unknown.join(', ')}. There are: ${Object.keys(CHECKS).join(', ')}.`)
    return 2
  }
  const names = asked.length > 0 ? asked : Object.keys(CHECKS)
  return names.map(runCheck).every(Boolean) ? 0 : 1
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = main(process.argv.slice(2))
