/** Bytes that several may hold at once, first come, first served. */
export type Memory = {
  /** Waits until so many are free, however long; gives how to let go of them. */
  take(bytes: number): Promise<() => void>
  /** Undefined: they were not free within `waitMs`. */
  takeWithin(waitMs: number, bytes: number): Promise<(() => void) | undefined>
}

type Waiting = { readonly bytes: number; readonly go: () => void }

/** Whoever wants more than there is at all gets all of it. */
export function openMemory(capacity: number): Memory {
  let free = capacity
  const queue: Waiting[] = []
  const serve = () => {
    for (let first = queue[0]; first !== undefined && first.bytes <= free; first = queue[0]) {
      queue.shift()
      free -= first.bytes
      first.go()
    }
  }
  const letGoOf = (bytes: number) => {
    let isHeld = true
    return () => {
      if (isHeld) free += bytes
      isHeld = false
      serve()
    }
  }
  const wait = (bytes: number, go: (letGo: () => void) => void): Waiting => {
    const taken = Math.min(bytes, capacity)
    const waiting = { bytes: taken, go: () => go(letGoOf(taken)) }
    queue.push(waiting)
    serve()
    return waiting
  }
  return {
    take: (bytes) => new Promise((resolve) => void wait(bytes, resolve)),
    takeWithin: (waitMs, bytes) =>
      new Promise((resolve) => {
        const waiting = wait(bytes, resolve)
        const giveUp = () => {
          const at = queue.indexOf(waiting)
          if (at < 0) return
          queue.splice(at, 1)
          resolve(undefined)
          serve()
        }
        if (queue.includes(waiting)) setTimeout(giveUp, waitMs).unref()
      }),
  }
}
