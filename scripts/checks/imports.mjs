// Import rules, over src/ of the current folder. dependency-cruiser passes happily over files it could not read: what it saw is counted.
import { readdirSync } from 'node:fs'
import swc from '@swc/core'
import { cruise } from 'dependency-cruiser'
import { ofAll, ofValues } from './import-rules.mjs'

/** dependency-cruiser neither tells swc that a .tsx file holds JSX nor can it tell types from values this way; it parses through this very object. */
const { parseFileSync } = swc
let isTypeless = false
swc.parseFileSync = (name, options) => {
  const tree = parseFileSync(name, { ...options, tsx: name.endsWith('.tsx') })
  return isTypeless ? { ...tree, body: tree.body.filter((node) => !isOfTypes(node)) } : tree
}

const isOfTypes = ({ typeOnly, specifiers }) =>
  typeOnly === true || (specifiers?.length > 0 && specifiers.every((one) => one.isTypeOnly === true))

async function look(rules) {
  const { output } = await cruise(['src'], {
    validate: true,
    ruleSet: { forbidden: rules },
    parser: 'swc', // TypeScript 7 has no API to parse with
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.tsx', '.js', '.mjs', '.cjs', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  })
  return output
}

const files = readdirSync('src', { recursive: true }).filter((name) => /\.tsx?$/.test(name))
const all = await look(ofAll)
isTypeless = true
const values = await look(ofValues)

const seen = all.modules.filter(({ source }) => /^src\/.*\.tsx?$/.test(source))
const count = (modules) => modules.flatMap((module) => module.dependencies).length
const violations = [...all.summary.violations, ...values.summary.violations]
for (const { rule, from, to, cycle } of violations) {
  console.error(`${from} -> ${cycle ? cycle.map(({ name }) => name).join(' -> ') : to}: ${rule.name}`)
}
if (seen.length < files.length) console.error(`the import check saw ${seen.length} of ${files.length} files`)
console.log(`${seen.length} files, ${count(seen)} imports, ${count(values.modules)} of them of values`)
process.exitCode = seen.length < files.length || violations.length > 0 ? 1 : 0
