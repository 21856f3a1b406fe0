// Loaded before a process's own modules: its clock is an hour ahead, as after a host's bad start. The monotonic clock is as it is.
const AHEAD_MS = 3_600_000
const now = Date.now.bind(Date)
globalThis.Date = class extends Date {
  constructor(...args) {
    super(...(args.length === 0 ? [now() + AHEAD_MS] : args))
  }
  static now() {
    return now() + AHEAD_MS
  }
}
