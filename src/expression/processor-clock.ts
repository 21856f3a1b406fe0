/**
 * Tells the time that the processor worked since now, not that of the wall: on a host that is overloaded an honest expression waits long for its turn.
 * Node knows that of the whole process only, where other threads may be at work; but one thread cannot have worked for longer than passed.
 */
export function startProcessorClock(): () => number {
  const [startedAt, before] = [performance.now(), process.cpuUsage()]
  return () => {
    const { user, system } = process.cpuUsage(before)
    return Math.min((user + system) / 1000, performance.now() - startedAt)
  }
}
