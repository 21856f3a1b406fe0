import { detectNode } from './detect-node.ts'
import { detectPython } from './detect-python.ts'
import { detectRuby } from './detect-ruby.ts'
import type { Part } from './part.ts'
import type { SourceFiles } from './source-files.ts'

/** Every language whose packages the project asks for. None: shell, SQL and `.dig` files need no more than the base image. */
export function detect(files: SourceFiles): readonly Part[] {
  return [detectPython(files), detectNode(files), detectRuby(files)].filter((part) => part !== undefined)
}

/** Signs of languages and tools that this version does not install. */
const UNSUPPORTED = [
  'environment.yml',
  'setup.py',
  'go.mod',
  'Cargo.toml',
  'pom.xml',
  'build.gradle',
  'composer.json',
  'apt.txt',
  'Aptfile',
  'Procfile',
  'project.toml',
] as const

const SUPPORTED = [
  'uv.lock',
  'poetry.lock',
  'Pipfile.lock',
  'requirements.txt',
  'pyproject.toml',
  'package.json',
  'Gemfile',
] as const

/** What somebody might expect to be used and is not. */
export function listUnsupported({ has }: SourceFiles): readonly string[] {
  return UNSUPPORTED.filter(has)
}

/** Every sign of a language, for the notice that a Dockerfile or a setting outweighs it. */
export function listSigns({ has }: SourceFiles): readonly string[] {
  return [...SUPPORTED, ...UNSUPPORTED].filter(has)
}
