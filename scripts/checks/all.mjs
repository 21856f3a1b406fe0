// All that can be said of the code without running it. Arguments: names of checks; none is all of them.
import { spawnSync } from 'node:child_process'

const bin = (name) => [process.execPath, `node_modules/${name}`]
const CHECKS = {
  lint: [...bin('@biomejs/biome/bin/biome'), 'check', '--error-on-warnings', '.'],
  types: [...bin('typescript/bin/tsc')],
  imports: [process.execPath, new URL('imports.mjs', import.meta.url).pathname],
  size: [process.execPath, new URL('size.mjs', import.meta.url).pathname],
  dead: [...bin('knip/bin/knip.js'), '--no-config-hints'],
}

const asked = process.argv.slice(2)
const unknown = asked.filter((name) => !(name in CHECKS))
if (unknown.length > 0) {
  console.error(`There is no check ${unknown.join(', ')}. There are: ${Object.keys(CHECKS).join(', ')}.`)
  process.exit(2)
}

let failed = 0
for (const [name, [command, ...words]] of Object.entries(CHECKS)) {
  if (asked.length > 0 && !asked.includes(name)) continue
  const startedAt = performance.now()
  const { status, stdout, stderr } = spawnSync(command, words, {
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1' },
  })
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  console.log(`${name}: ${status === 0 ? 'ok' : 'FAILED'} (${seconds} s)`)
  if (status === 0 && name !== 'size') continue
  process.stdout.write(stdout)
  process.stderr.write(stderr)
  if (status !== 0) failed += 1
}
process.exitCode = failed > 0 ? 1 : 0
