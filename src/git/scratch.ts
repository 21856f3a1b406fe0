import { readlinkSync } from 'node:fs'
import { chmod, lstat, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

type Purpose = 'fetch' | 'hooks' | 'key'

const NAME = /^sluice-(?:fetch|hooks|key)-(\d+)\.(\d+)-/

/** A new folder that only this user may enter. It may hold keys; of a process that is killed in between, `sweepScratch` removes it. */
export async function makeScratch(purpose: Purpose): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `sluice-${purpose}-${process.pid}.${numberSpace()}-`))
  await chmod(folder, 0o700)
  return folder
}

/** Removes what processes of this user left behind that are no more. Of folders that a process of another container may hold it knows nothing. */
export async function sweepScratch(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const [, pid, space] = NAME.exec(name) ?? []
    if (pid === undefined || space !== numberSpace() || isAlive(Number(pid))) continue
    const folder = join(tmpdir(), name)
    const isOurs = await lstat(folder).then(
      (found) => found.isDirectory() && found.uid === process.getuid?.(),
      () => false, // another process swept it
    )
    if (isOurs) await rm(folder, { recursive: true, force: true })
  }
}

/** Which processes a process number means: each container counts its own. */
function numberSpace(): string {
  try {
    return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0'
  } catch {
    return '0' // not Linux: the whole machine counts in one
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
