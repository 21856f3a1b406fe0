import type { Part } from './part.ts'
import type { SourceFiles } from './source-files.ts'

const OTHER_LOCKS = ['yarn.lock', 'pnpm-lock.yaml', 'bun.lock', 'bun.lockb']
const FLAGS = '--omit=dev --no-audit --no-fund'

/** npm installs whatever the lock file is. Without dependencies there is nothing to install, and scripts run as they are. */
export function detectNode(files: SourceFiles): Part | undefined {
  if (!files.has('package.json')) return undefined
  const manifest = readManifest(files.read('package.json'))
  if (!manifest.hasDependencies) return undefined
  const lock = ['package-lock.json', 'npm-shrinkwrap.json'].find(files.has)
  const copies = ['package.json', lock, '.npmrc'].filter((name) => name !== undefined).filter(files.has)
  return {
    language: 'node',
    found: lock === undefined ? 'package.json' : `package.json and ${lock}`,
    copies: manifest.isWhole ? ['./'] : copies,
    install: lock === undefined ? `npm install ${FLAGS}` : `npm ci ${FLAGS}`,
    supports: [],
    notices: [...nodeNotices(files, lock), ...(manifest.isWhole ? [WHOLE] : [])],
  }
}

const WHOLE = 'package.json installs packages of the repository itself, so every push builds an image'

/** A package.json that cannot be read has dependencies: npm says in the build's log what is wrong with it. */
function readManifest(text: string): { readonly hasDependencies: boolean; readonly isWhole: boolean } {
  try {
    const { dependencies = {}, optionalDependencies = {}, workspaces } = JSON.parse(text)
    const versions = Object.values({ ...dependencies, ...optionalDependencies })
    const isWhole = workspaces !== undefined || versions.some((version) => /^(file|link):/.test(String(version)))
    return { hasDependencies: versions.length > 0 || isWhole, isWhole }
  } catch {
    return { hasDependencies: true, isWhole: false }
  }
}

function nodeNotices({ has }: SourceFiles, lock: string | undefined): readonly string[] {
  const versions = ['.nvmrc', '.node-version'].filter(has)
  return [
    ...OTHER_LOCKS.filter(has).map((name) => `${name} is ignored: npm installs from ${lock ?? 'package.json'}`),
    ...(lock === undefined ? ['package.json has no package-lock.json: versions may change from build to build'] : []),
    ...versions.map((name) => `${name} is ignored: the Node is the base image's (SLUICE_BASE_IMAGE names another)`),
  ]
}
