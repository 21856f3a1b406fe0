/* Runs once in each new sandbox, after moment's text was handed to it; gives the function that evaluates. Nothing here is reachable from the outside but `host`. */
;(host, momentSource) => {
  const MAX_LENGTH = 1e6
  const MAX_OUTPUT = 1 << 20
  const { apply, ownKeys, getPrototypeOf, getOwnPropertyDescriptor, defineProperty } = Reflect
  const { freeze } = Object
  const parse = JSON.parse
  const stringify = JSON.stringify
  // biome-ignore lint/security/noGlobalEval: expressions are code from texts, that is what the sandbox is for
  const compile = eval
  const define = (target, name, value) =>
    defineProperty(target, name, { value, writable: true, configurable: true, enumerable: false })

  zoneDates()
  javaStrings()
  guardArrays()
  // Evaluated in the global scope, so that moment sees the Date above as every expression does.
  compile(momentSource)
  const locale = globalThis.moment.localeData()
  const pristine = { ...locale }
  closeMoment(globalThis.moment)
  const hidden = [
    function* () {},
    async () => {},
    async function* () {},
    [][Symbol.iterator](),
    new Map().entries(),
    new Set().entries(),
    ''.matchAll(/a/g),
    ''[Symbol.iterator](),
  ]
  harden([globalThis, getPrototypeOf(locale), ...Object.values(pristine), ...hidden])

  // The first letter tells what the rest is: V a value as JSON, S and T what a syntax error and a thrown error say.
  return function evaluate(code, json) {
    restoreLocale()
    let run
    try {
      run = compile(`(function () { with (this) { return (${code}\n) } })`)
    } catch (error) {
      return `S${describe(error)}`
    }
    try {
      const value = jsonOf(apply(run, parse(json), []))
      return value.length > MAX_OUTPUT ? 'TRangeError: the result is longer than 1 MiB' : `V${value}`
    } catch (error) {
      return `T${describe(error)}`
    }
  }

  function jsonOf(value) {
    if (value === undefined || value === null) return 'null'
    return stringify(value) ?? '"undefined"'
  }

  function describe(error) {
    try {
      const text = error instanceof Error ? `${error.name}: ${error.message}` : `Error: ${error}`
      return text.slice(0, 1000)
    } catch {
      return 'Error: something that cannot be written as a text was thrown'
    }
  }

  // Local time is the time of the workflow's zone, in `new Date()` as in moment. The engine itself knows only UTC.
  function zoneDates() {
    const Native = Date
    const { getTime, setTime } = Native.prototype
    const toWall = (time) => time + host.offset(time)
    const fromWall = (wall) => host.instant(wall)
    const parts = ['FullYear', 'Month', 'Date', 'Hours', 'Minutes', 'Seconds', 'Milliseconds', 'Day']
    for (const part of parts) {
      const read = Native.prototype[`getUTC${part}`]
      define(Native.prototype, `get${part}`, function () {
        return apply(read, new Native(toWall(apply(getTime, this, []))), [])
      })
      const write = Native.prototype[`setUTC${part}`]
      if (write === undefined) continue
      define(Native.prototype, `set${part}`, function (...values) {
        const wall = new Native(toWall(apply(getTime, this, [])))
        apply(write, wall, values)
        return apply(setTime, this, [fromWall(apply(getTime, wall, []))])
      })
    }
    define(Native.prototype, 'getTimezoneOffset', function () {
      const time = apply(getTime, this, [])
      return Number.isNaN(time) ? Number.NaN : -host.offset(time) / 60000
    })
    const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
    const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
    const two = (value) => String(Math.floor(value)).padStart(2, '0')
    define(Native.prototype, 'toDateString', function () {
      if (Number.isNaN(apply(getTime, this, []))) return 'Invalid Date'
      return `${days[this.getDay()]} ${months[this.getMonth()]} ${two(this.getDate())} ${String(this.getFullYear()).padStart(4, '0')}`
    })
    define(Native.prototype, 'toTimeString', function () {
      const minutes = -this.getTimezoneOffset()
      const offset = `${minutes < 0 ? '-' : '+'}${two(Math.abs(minutes) / 60)}${two(Math.abs(minutes) % 60)}`
      return `${two(this.getHours())}:${two(this.getMinutes())}:${two(this.getSeconds())} GMT${offset}`
    })
    define(Native.prototype, 'toString', function () {
      return Number.isNaN(apply(getTime, this, [])) ? 'Invalid Date' : `${this.toDateString()} ${this.toTimeString()}`
    })
    const localText = /^[+-]?\d{4,6}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?$/
    const parseText = (text) => (localText.test(text) ? fromWall(Native.parse(`${text}Z`)) : Native.parse(text))
    function ZonedDate(...values) {
      if (!new.target) return new Native().toString()
      if (values.length > 1) return new Native(fromWall(Native.UTC(...values)))
      if (values.length === 1) return new Native(typeof values[0] === 'string' ? parseText(values[0]) : values[0])
      return new Native()
    }
    ZonedDate.prototype = Native.prototype
    define(ZonedDate, 'now', Native.now)
    define(ZonedDate, 'UTC', Native.UTC)
    define(ZonedDate, 'parse', (text) => parseText(String(text)))
    define(ZonedDate, 'name', 'Date')
    define(Native.prototype, 'constructor', ZonedDate)
    globalThis.Date = ZonedDate
  }

  // Digdag's engine gives texts the methods of Java's strings; real workflows use these.
  function javaStrings() {
    const native = String.prototype.replaceAll
    const pattern = (source, flags) => new RegExp(source, flags)
    const methods = {
      contains(part) {
        return this.includes(String(part))
      },
      isEmpty() {
        return this.length === 0
      },
      strip() {
        return this.trim()
      },
      matches(regex) {
        return pattern(`^(?:${regex})$`).test(this)
      },
      replaceAll(regex, by) {
        return typeof regex === 'string' ? this.replace(pattern(regex, 'g'), by) : apply(native, this, [regex, by])
      },
      replaceFirst(regex, by) {
        return this.replace(pattern(regex), by)
      },
      equals(other) {
        return String(this) === other
      },
      equalsIgnoreCase(other) {
        return this.toLowerCase() === String(other).toLowerCase()
      },
      compareTo(other) {
        const [left, right] = [String(this), String(other)]
        for (let at = 0; at < Math.min(left.length, right.length); at++)
          if (left.charCodeAt(at) !== right.charCodeAt(at)) return left.charCodeAt(at) - right.charCodeAt(at)
        return left.length - right.length
      },
      hashCode() {
        let hash = 0
        for (let at = 0; at < this.length; at++) hash = (Math.imul(hash, 31) + this.charCodeAt(at)) | 0
        return hash
      },
    }
    for (const name of ownKeys(methods)) define(String.prototype, name, methods[name])
  }

  // The engine's own loops over arrays do not look at the clock, so a list of 2^53 nothings would hang it. Only real lists of a sane length may reach them.
  function guardArrays() {
    const check = (list) => {
      if (typeof list === 'string' || list === undefined || list === null) return
      const length = getOwnPropertyDescriptor(Object(list), 'length')
      if (length !== undefined && !(length.value <= MAX_LENGTH)) throw new RangeError('the list is too long')
      if (length === undefined && 'length' in Object(list)) throw new TypeError('this is not a list')
    }
    for (const name of ownKeys(Array.prototype)) {
      const native = Array.prototype[name]
      if (typeof native !== 'function' || name === 'constructor') continue
      define(Array.prototype, name, function (...values) {
        check(this)
        if (name === 'concat') values.forEach(check)
        return apply(native, this, values)
      })
    }
    const flatten = (list, depth, into) => {
      for (const item of list)
        if (Array.isArray(item) && depth > 0) flatten(item, depth - 1, into)
        else into.push(item)
      return into
    }
    define(Array.prototype, 'flat', function (depth = 1) {
      return flatten(this, depth, [])
    })
    define(Array.prototype, 'flatMap', function (each, self) {
      return flatten(this.map(each, self), 1, [])
    })
  }

  // What would outlive an expression inside moment's own variables.
  function closeMoment(moment) {
    for (const name of ['defineLocale', 'updateLocale', 'relativeTimeThreshold', 'relativeTimeRounding', 'lang'])
      delete moment[name]
    const read = moment.localeData
    moment.locale = () => 'en'
    moment.localeData = () => read('en')
  }

  // moment writes caches into its locale, so that one object is put back instead of frozen.
  function restoreLocale() {
    for (const name of ownKeys(locale)) if (!(name in pristine)) delete locale[name]
    for (const name of ownKeys(pristine)) locale[name] = pristine[name]
    locale._longDateFormat = { ...pristine._longDateFormat }
  }

  // Freezes all that can be reached: no expression leaves a trace for the next, which may belong to another project.
  function harden(roots) {
    const seen = new Set([locale])
    const queue = [...roots]
    while (queue.length > 0) {
      const value = queue.pop()
      if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value)) continue
      seen.add(value)
      queue.push(getPrototypeOf(value))
      for (const name of ownKeys(value)) {
        const { value: inner, get, set } = getOwnPropertyDescriptor(value, name)
        queue.push(inner, get, set)
      }
      freeze(value)
    }
  }
}
