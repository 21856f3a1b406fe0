import { hostname } from 'node:os'

/** Who works on a deploy: `host/pid`. A process of this host that is not there any more is known to have died. */
export function webOwner(): { readonly owner: string; readonly isGone: (owner: string) => boolean } {
  const mine = `${hostname()}/${process.pid}`
  return {
    owner: mine,
    // A name that is our own, on work that we do not do, was left by one before us: in a container every server is process 1.
    isGone: (owner) => owner === mine || (owner.startsWith(`${hostname()}/`) && !isAlive(Number(owner.split('/')[1]))),
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' // alive, and somebody else's
  }
}
