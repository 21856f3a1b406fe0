/** Digdag's engine gives texts the methods of Java's strings, and `java.lang.String` besides; real workflows use these. */
;() => {
  const { apply, defineProperty, ownKeys } = Reflect
  const define = (target, name, value) =>
    defineProperty(target, name, { value, writable: true, configurable: true, enumerable: false })

  /** Java writes flags in front: `(?i)hello`. */
  function pattern(source, flags = '') {
    const [head = '', own = ''] = /^\(\?([ims]+)\)/.exec(source) ?? []
    return new RegExp(String(source).slice(head.length), flags + own)
  }
  /** `\$` is a dollar and `$0` all that matched: JavaScript writes them `$$` and `$&`. */
  const replacement = (by) =>
    String(by).replace(/\\(.)|\$0/gs, (_, escaped) => (escaped === '$' ? '$$' : (escaped ?? '$&')))
  function compare(left, right) {
    for (let at = 0; at < Math.min(left.length, right.length); at++)
      if (left.charCodeAt(at) !== right.charCodeAt(at)) return left.charCodeAt(at) - right.charCodeAt(at)
    return left.length - right.length
  }

  const native = String.prototype.replaceAll
  const methods = {
    contains(part) {
      return this.includes(String(part))
    },
    isEmpty() {
      return this.length === 0
    },
    isBlank() {
      return this.trim() === ''
    },
    strip() {
      return this.trim()
    },
    stripLeading() {
      return this.trimStart()
    },
    stripTrailing() {
      return this.trimEnd()
    },
    matches(regex) {
      const { source, flags } = pattern(regex)
      return new RegExp(`^(?:${source})$`, flags).test(this)
    },
    replaceAll(regex, by) {
      if (typeof regex !== 'string') return apply(native, this, [regex, by])
      return this.replace(pattern(regex, 'g'), replacement(by))
    },
    replaceFirst(regex, by) {
      return this.replace(pattern(regex), replacement(by))
    },
    equals(other) {
      return String(this) === other
    },
    equalsIgnoreCase(other) {
      return this.toLowerCase() === String(other).toLowerCase()
    },
    compareTo(other) {
      return compare(this, String(other))
    },
    compareToIgnoreCase(other) {
      return compare(this.toLowerCase(), String(other).toLowerCase())
    },
    hashCode() {
      let hash = 0
      for (let at = 0; at < this.length; at++) hash = (Math.imul(hash, 31) + this.charCodeAt(at)) | 0
      return hash
    },
  }
  for (const name of ownKeys(methods)) define(String.prototype, name, methods[name])

  const conversion = /%(?:(\d+)\$)?([-+0,]*)(\d+)?(?:\.(\d+))?([a-zA-Z%])/g
  const grouped = (digits) => digits.replace(/^\d+/, (whole) => whole.replace(/\B(?=(\d{3})+$)/g, ','))
  const signed = (text, value, flags) => (flags.includes('+') && value >= 0 ? `+${text}` : text)
  const numeric = (text, value, flags) => signed(flags.includes(',') ? grouped(text) : text, value, flags)
  const conversions = {
    d: (value, flags) => numeric(String(Math.trunc(value)), value, flags),
    f: (value, flags, precision = 6) => numeric(Number(value).toFixed(precision), value, flags),
    e: (value, _, precision = 6) =>
      Number(value)
        .toExponential(precision)
        .replace(/e([+-])(\d)$/, 'e$10$2'),
    x: (value) => Math.trunc(value).toString(16),
    o: (value) => Math.trunc(value).toString(8),
    s: (value, _, precision) => String(value).slice(0, precision),
    b: (value) => String(Boolean(value)),
    c: (value) => String(value),
    n: () => '\n',
    '%': () => '%',
  }
  function pad(text, flags, width = 0) {
    if (flags.includes('-')) return text.padEnd(width)
    if (!flags.includes('0')) return text.padStart(width)
    const sign = /^[+-]/.exec(text)?.[0] ?? ''
    return sign + text.slice(sign.length).padStart(width - sign.length, '0')
  }
  function format(template, ...values) {
    let next = 0
    return String(template).replace(conversion, (_, place, flags, width, precision, letter) => {
      const convert = conversions[letter.toLowerCase()]
      if (convert === undefined) throw new TypeError(`java.lang.String.format knows no %${letter} here`)
      const value = letter === 'n' || letter === '%' ? undefined : values[place === undefined ? next++ : place - 1]
      const text = convert(value, flags, precision === undefined ? undefined : Number(precision))
      const padded = pad(text, flags, Number(width ?? 0))
      return letter === letter.toUpperCase() ? padded.toUpperCase() : padded
    })
  }

  const JavaString = (value = '') => String(value)
  define(JavaString, 'format', format)
  define(JavaString, 'valueOf', (value) => String(value))
  define(JavaString, 'join', (by, list) => list.join(by))
  const java = { lang: { String: JavaString } }
  define(globalThis, 'java', java)
  define(globalThis, 'Packages', { java })
  define(globalThis, 'Java', {
    type(name) {
      if (name === 'java.lang.String') return JavaString
      throw new TypeError(`Access to host class ${name} is not allowed or does not exist.`)
    },
  })
}
