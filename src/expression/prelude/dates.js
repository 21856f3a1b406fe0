/**
 * Local time is the time of the workflow's zone, in `new Date()` as in moment: the engine itself knows only UTC. Rules are those of ECMAScript 5, as in
 * Digdag's engine: `2026-01-15T10:00:00` is UTC, and a time that the clocks skip or show twice is taken by the offset of the standard time.
 */
;(host) => {
  const { defineProperty } = Reflect
  const Native = Date
  const { getTime, setTime } = Native.prototype
  const define = (target, name, value) =>
    defineProperty(target, name, { value, writable: true, configurable: true, enumerable: false })

  const DAY = 86_400_000
  const NOWHERE = [0, 0, 0]
  let [from, until, offset] = NOWHERE
  /** Each part of a date is asked for by itself, and asking the host takes longer than all the rest: so it tells how long its answer holds. */
  function enter(time) {
    if (!(from <= time && time < until)) [from, until, offset] = host.stretch(time).split(',').map(Number)
  }
  function toWall(time) {
    if (Number.isNaN(time)) return time
    enter(time)
    return time + offset
  }
  function toInstant(wall) {
    if (Number.isNaN(wall)) return wall
    enter(wall)
    const isSteady = from <= wall - DAY && wall + DAY < until // the host looks a day to either side
    return isSteady ? wall - offset : host.instant(wall)
  }

  const own = (date) => getTime.call(date)
  const wall = (date) => new Native(toWall(own(date)))
  const scratch = new Native(0)

  for (const part of ['FullYear', 'Month', 'Date', 'Hours', 'Minutes', 'Seconds', 'Milliseconds', 'Day']) {
    const read = Native.prototype[`getUTC${part}`]
    define(Native.prototype, `get${part}`, function () {
      setTime.call(scratch, toWall(own(this)))
      return read.call(scratch)
    })
    const write = Native.prototype[`setUTC${part}`]
    if (write === undefined) continue
    define(Native.prototype, `set${part}`, function (...values) {
      return setTime.call(this, toInstant(write.apply(wall(this), values))) // not the scratch date: a value may be an object that reads another date
    })
  }

  const two = (value) => String(Math.floor(value)).padStart(2, '0')
  const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
  const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
  const year = (date) => String(date.getFullYear()).padStart(4, '0')
  const methods = {
    getYear() {
      return this.getFullYear() - 1900
    },
    getTimezoneOffset() {
      return (own(this) - toWall(own(this))) / 60000
    },
    toDateString() {
      return `${days[this.getDay()]} ${months[this.getMonth()]} ${two(this.getDate())} ${year(this)}`
    },
    toTimeString() {
      const minutes = -this.getTimezoneOffset()
      const offset = `${minutes < 0 ? '-' : '+'}${two(Math.abs(minutes) / 60)}${two(Math.abs(minutes) % 60)}`
      return `${this.toLocaleTimeString()} GMT${offset}`
    },
    toString() {
      return `${this.toDateString()} ${this.toTimeString()}`
    },
    toLocaleString() {
      return this.toString()
    },
    toLocaleDateString() {
      return `${year(this)}-${two(this.getMonth() + 1)}-${two(this.getDate())}`
    },
    toLocaleTimeString() {
      return `${two(this.getHours())}:${two(this.getMinutes())}:${two(this.getSeconds())}`
    },
  }
  for (const [name, method] of Object.entries(methods)) {
    define(Native.prototype, name, function () {
      if (!Number.isNaN(own(this))) return method.call(this)
      return name.startsWith('get') ? Number.NaN : 'Invalid Date'
    })
  }
  delete Native.prototype.setYear

  const isoText = /^[+-]?\d{4,6}(-\d\d){0,2}(T.*)?$/
  const zonedText = /(\bZ|\bUTC?|\bGMT|[ECMP][SD]T)\s*$|\bGMT|\d:\d\d\S*\s*[+-]\d/i
  function parse(value) {
    const text = String(value)
    const time = Native.parse(text)
    return isoText.test(text) || zonedText.test(text) ? time : toInstant(time)
  }
  function ZonedDate(...values) {
    if (!new.target) return new Native().toString()
    if (values.length > 1) return new Native(toInstant(Native.UTC(...values)))
    if (values.length === 1) return new Native(typeof values[0] === 'string' ? parse(values[0]) : values[0])
    return new Native()
  }
  ZonedDate.prototype = Native.prototype
  define(ZonedDate, 'now', Native.now)
  define(ZonedDate, 'UTC', Native.UTC)
  define(ZonedDate, 'parse', parse)
  define(ZonedDate, 'name', 'Date')
  define(Native.prototype, 'constructor', ZonedDate)
  define(globalThis, 'Date', ZonedDate)

  return {
    forgetZone() {
      ;[from, until, offset] = NOWHERE
    },
  }
}
