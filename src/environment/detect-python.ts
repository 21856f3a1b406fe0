import { listed, type Part } from './part.ts'
import { resolvePath, type SourceFiles } from './source-files.ts'

const PIP = 'python3 -m pip --python /opt/venv/bin/python install --no-cache-dir --disable-pip-version-check'
const LOCKS = ['uv.lock', 'poetry.lock', 'Pipfile.lock'] as const
const REQUIREMENTS = 'python-requirements.py'

/** A lock file first, then requirements.txt, then pyproject.toml. pip installs from all of them. */
export function detectPython(files: SourceFiles): Part | undefined {
  const part = fromLock(files) ?? fromRequirements(files) ?? fromPyproject(files)
  return part === undefined ? undefined : { ...part, notices: [...part.notices, ...pythonNotices(files, part)] }
}

function fromLock({ has }: SourceFiles): Part | undefined {
  const lock = LOCKS.find((name) => has(name) && (name === 'Pipfile.lock' || has('pyproject.toml')))
  if (lock === undefined) return undefined
  const copies = lock === 'Pipfile.lock' ? [lock] : ['pyproject.toml', lock]
  const install = `${requirementsOf} --pins >pins.txt \\\n && ${requirementsOf} >requirements.txt \\\n && ${PIP} --requirement requirements.txt --constraint pins.txt`
  return { language: 'python', found: listed(copies), copies, install, supports: [REQUIREMENTS], notices: [] }
}

const requirementsOf = `python3 /opt/sluice/${REQUIREMENTS}`

function fromPyproject(files: SourceFiles): Part | undefined {
  if (!/^\s*(dependencies\s*=\s*\[\s*["']|\[tool\.poetry\.dependencies])/m.test(files.read('pyproject.toml')))
    return undefined
  const install = `${requirementsOf} >requirements.txt \\\n && ${PIP} --requirement requirements.txt`
  const copies = ['pyproject.toml']
  return { language: 'python', found: 'pyproject.toml', copies, install, supports: [REQUIREMENTS], notices: [] }
}

function fromRequirements(files: SourceFiles): Part | undefined {
  const wishes = readRequirements(files, 'requirements.txt', new Set())
  if (!wishes.some(({ kind }) => kind !== 'file')) return undefined
  const local = wishes.find(({ kind }) => kind === 'project')
  return {
    language: 'python',
    found: 'requirements.txt',
    copies: local === undefined ? [...new Set(wishes.flatMap(({ path }) => path ?? []))] : ['./'],
    install: `${PIP} --requirement requirements.txt`,
    supports: [],
    notices:
      local === undefined
        ? []
        : [`requirements.txt installs “${local.line}” from the repository, so every push builds an image`],
  }
}

type Wish = { readonly kind: 'package' | 'file' | 'project'; readonly line: string; readonly path?: string }

/** The lines of a requirements file and of those it includes; `path` is a file or folder of the project that pip will open. */
function readRequirements(files: SourceFiles, path: string, seen: Set<string>): readonly Wish[] {
  if (seen.has(path) || !files.has(path)) return []
  seen.add(path)
  const lines = files.read(path).replaceAll(/\\\n/g, ' ').split('\n')
  const wishes = lines.map((line) => line.replace(/(^|\s)#.*$/, '').trim()).filter((line) => line !== '')
  return [{ kind: 'file', line: path, path }, ...wishes.flatMap((line) => readWish(files, path, line, seen))]
}

function readWish(files: SourceFiles, from: string, line: string, seen: Set<string>): readonly Wish[] {
  const [, option = '', value = ''] = /^(--?[a-z-]+)[\s=]*(.*)$/.exec(line) ?? []
  const path = resolvePath(from, value)
  switch (option) {
    case '-r':
    case '--requirement':
    case '-c':
    case '--constraint':
      return path === undefined ? [] : readRequirements(files, path, seen)
    case '-f':
    case '--find-links':
      return path === undefined || /^\w+:\/\//.test(value) ? [] : [{ kind: 'file', line, path: `${path}/` }]
    case '-e':
    case '--editable':
      return [{ kind: /^(git|hg|svn|bzr)\+/.test(value) ? 'package' : 'project', line }]
    case '':
      return [readPackage(from, line)]
    default:
      return []
  }
}

function readPackage(from: string, line: string): Wish {
  if (/^[\w./-]+\.(whl|tar\.gz|zip)$/.test(line))
    return { kind: 'package', line, path: resolvePath(from, line) ?? line }
  return { kind: /^\.{0,2}\/|^\.$|^file:/.test(line) ? 'project' : 'package', line }
}

function pythonNotices({ has }: SourceFiles, { copies }: Part): readonly string[] {
  const ignored = [...LOCKS, 'requirements.txt'].filter((name) => has(name) && !copies.includes(name))
  const versions = ['.python-version', 'runtime.txt'].filter(has)
  return [
    ...(copies.includes('./')
      ? []
      : ignored.map((name) => `${name} is ignored: Python’s packages come from ${listed(copies)}`)),
    ...versions.map((name) => `${name} is ignored: the Python is the base image's (SLUICE_BASE_IMAGE names another)`),
  ]
}
