/** Evaluates the expressions of one text. Runs once in each new sandbox; what it gives is all that the host calls. */
;(host, dates, locale, harden) => {
  const MAX_OUTPUT = 1 << 20
  const MAX_COMPILED = 1 << 18
  const MAX_BROKEN = 100
  const MAX_GROUP = 2000
  const { apply, defineProperty, ownKeys } = Reflect
  const { parse, stringify } = JSON
  const { freeze } = Object
  // biome-ignore lint/security/noGlobalEval: expressions are code from texts, that is what the sandbox is for
  const compile = eval

  const define = (name, value) => defineProperty(globalThis, name, { value, enumerable: false, configurable: true })
  define('print', () => {}) // Digdag's writes where its result is overwritten
  define('load', (file) => {
    throw new Error(`Operation is not allowed for: ${file}`)
  })
  define('template', (text, variables) => {
    const whole = String(text)
    if (whole.length > MAX_OUTPUT) throw new RangeError('the template is longer than 1 MiB')
    const pieces = parse(host.parse(whole))
    const scope = typeof variables === 'string' ? parse(variables) : variables
    return pieces.map(({ text, code }) => (code ? textOf(code, scope) : (text ?? ''))).join('')
  })
  const tidyUp = harden(locale)

  /**
   * A method has no `prototype`, so that frozen it keeps nothing; a call behind `return` would lose its place. A code that closes our brackets and opens
   * others would leave the method, run by itself, and could keep something. So it must be an expression in other brackets too: what closes `[(` does not
   * close `((`. Digdag's engine takes `a)+(b`, which stays within both.
   */
  function build(code) {
    const own = withoutCalledLength(code)
    const run = freeze(compile(`({ run() { with (this) { return [(\n${own}\n)] } } }).run`))
    compile(`() => ((\n${own}\n))`)
    return run
  }

  // Every workflow repeats its expressions.
  const known = new Map()
  let size = 0
  function compiled(code) {
    const found = known.get(code)
    if (found !== undefined) return found
    const run = build(code)
    size += code.length
    if (size > MAX_COMPILED) known.clear()
    if (size > MAX_COMPILED) size = code.length
    known.set(code, run)
    return run
  }

  /** A text's `length()` is Java's. Texts in quotes are passed over. */
  function withoutCalledLength(code) {
    if (!code.includes('length')) return code
    const quoted = /'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|\.length\s*\(\s*\)/gs
    return code.replace(quoted, (found) => (found.startsWith('.') ? '.length' : found))
  }

  function textOf(code, scope) {
    const [value] = apply(compiled(code), scope, [])
    if (value === undefined || value === null) return ''
    return typeof value === 'string' ? value : String(stringify(value))
  }

  const place = (scope, name, value) =>
    defineProperty(scope, name, { value, writable: true, configurable: true, enumerable: true })

  let values
  let composed = []
  function takeParams(params) {
    composed = []
    values = undefined // two tasks' params may be more than the memory holds
    const read = parse(params)
    values = read.values
    composed = read.later.map(([name, json]) => [name, readLater(name, json)])
  }
  /** Each text reads it for itself. */
  function readLater(name, json) {
    const own = {
      get() {
        const value = parse(json)
        place(this, name, value)
        return value
      },
      set(value) {
        place(this, name, value)
      },
    }
    return { get: freeze(own.get), set: freeze(own.set), configurable: true, enumerable: true }
  }

  function openScope(nearer) {
    const scope = { ...values }
    for (const [name, property] of composed) defineProperty(scope, name, property)
    if (nearer === '{}') return scope
    const above = parse(nearer)
    for (const name of ownKeys(above)) place(scope, name, above[name])
    return scope
  }

  let current = 0
  function runAll(codes, scope) {
    let left = MAX_OUTPUT
    return codes.map((code, index) => {
      current = index
      const text = textOf(code, scope)
      left -= text.length
      if (left < 0) throw new RangeError('the result is longer than 1 MiB')
      return text
    })
  }

  const firstPlace = /^\s+at [^\n]*<input>:(\d+):(\d+)/
  /** Code begins in the second line of what is compiled. */
  function failureOf(kind, index, error) {
    try {
      if (typeof error !== 'object' && typeof error !== 'function')
        return { kind, index, message: String(error).slice(0, 1000) }
      if (error === null) return { kind, index, message: 'null' }
      const name = String(error.constructor?.name || 'Object').slice(0, 100)
      const message = String(error.message ?? '').slice(0, 1000)
      const place = firstPlace.exec(error.stack)
      const at = place === null ? null : { line: place[1] - 1, column: Number(place[2]) }
      return { kind, index, at, message: message === '' ? name : `${name}: ${message}` }
    } catch {
      return { kind, index, message: 'Error: something that cannot be written as a text was thrown' }
    }
  }

  function answerTo(codes, nearer) {
    let kind = 'syntax'
    try {
      for (current = 0; current < codes.length; current++) compiled(codes[current])
      const scope = openScope(nearer)
      kind = 'thrown'
      return { kind: 'texts', texts: runAll(codes, scope) }
    } catch (error) {
      return failureOf(kind, current, error)
    }
  }

  /** Such a code cannot leave its brackets, as others do by brackets, quotes and slashes; `<!--` ends with its line. So many are compiled at once. */
  const isPlain = (code) => code.length < MAX_GROUP && /^[\w\s.,?:|&+*%<>=!-]*$/.test(code)
  function areWhole(codes) {
    const list = `[${codes.map((code) => `(\n${code}\n)`)}]`
    try {
      compile(`({ run() { with (this) { return ${list} } } })`)
      compile(`() => ${list}`)
      return true
    } catch {
      return false // each by itself tells why
    }
  }
  /** The engine looks for a name among all those of a function, so a function of very many takes long. */
  function findWhole(codes) {
    const groups = [[]]
    let size = 0
    for (const code of codes.filter(isPlain)) {
      size += code.length + MAX_GROUP / 50
      if (size > MAX_GROUP) groups.push([])
      if (size > MAX_GROUP) size = code.length
      groups.at(-1).push(code)
    }
    return new Set(groups.filter(areWhole).flat())
  }

  function compileAll(codes) {
    const broken = []
    const whole = findWhole(codes)
    for (let index = 0; index < codes.length && broken.length < MAX_BROKEN; index++) {
      try {
        if (!whole.has(codes[index])) build(codes[index])
      } catch (error) {
        const failure = failureOf('syntax', index, error)
        if (failure.message === 'InternalError: out of memory') return failure
        broken.push(failure)
      }
    }
    return { kind: 'compiled', broken }
  }

  const tidy = (answer) => stringify({ ...answer, isTidy: tidyUp() })
  return {
    forgetZone: dates.forgetZone,
    takeParams,
    compile: (codes) => tidy(compileAll(parse(codes))),
    evaluate: (codes, nearer) => tidy(answerTo(parse(codes), nearer)),
  }
}
