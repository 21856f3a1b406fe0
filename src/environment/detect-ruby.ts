import { listed, type Part } from './part.ts'
import type { SourceFiles } from './source-files.ts'

/** Bundler installs into one folder of gems, so that plain `require` finds them too. Gems in vendor/cache are all that is used then: no network. */
export function detectRuby(files: SourceFiles): Part | undefined {
  if (!files.has('Gemfile')) return undefined
  const gemfile = files.read('Gemfile').replaceAll(/^\s*#.*$/gm, '')
  if (!/^\s*(gem|gemspec|path|git)\b/m.test(gemfile)) return undefined
  const isVendored = files.tree.some(({ path }) => path.startsWith('vendor/cache/'))
  const isLocked = files.has('Gemfile.lock')
  const isWhole = /^\s*(gemspec\b|path\s)|\bpath:/m.test(gemfile)
  const copies = ['Gemfile', ...(isLocked ? ['Gemfile.lock'] : []), ...(isVendored ? ['vendor/cache/'] : [])]
  return {
    language: 'ruby',
    found: listed(copies),
    copies: isWhole ? ['./'] : copies,
    install: `BUNDLE_SILENCE_ROOT_WARNING=1${isLocked ? ' BUNDLE_FROZEN=1' : ''} bundle install${isVendored ? ' --local' : ''}`,
    supports: [],
    notices: [
      ...(isLocked ? [] : ['Gemfile has no Gemfile.lock: versions may change from build to build']),
      ...(isWhole ? ['Gemfile installs gems of the repository itself, so every push builds an image'] : []),
      ...['.ruby-version']
        .filter(files.has)
        .map((name) => `${name} is ignored: the Ruby is the base image's (SLUICE_BASE_IMAGE names another)`),
    ],
  }
}
