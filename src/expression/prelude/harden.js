/**
 * Freezes all that can be reached, so that no expression leaves a trace for the next, which may belong to another project. Only the global object
 * itself stays open: what is assigned to it is seen by the later expressions of the same text, and then taken away.
 */
;(kept, more) => {
  const { defineProperty, deleteProperty, getOwnPropertyDescriptor, getPrototypeOf, ownKeys } = Reflect
  const { freeze, isExtensible } = Object
  const global = globalThis

  // A frozen `toString` would forbid `own.toString = …` as well: there the assignment makes a property of the object's own.
  function letOwnOnesBeAssigned(prototype) {
    for (const name of ownKeys(prototype)) {
      const { value, get } = getOwnPropertyDescriptor(prototype, name)
      if (get !== undefined) continue
      const set = function (own) {
        defineProperty(this, name, { value: own, writable: true, configurable: true, enumerable: true })
      }
      defineProperty(prototype, name, { get: () => value, set, enumerable: false, configurable: false })
    }
  }

  function freezeAll(roots) {
    const seen = new Set([kept, global])
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

  delete RegExp.prototype.compile // changes even what is frozen
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
  const errors = [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError]
  for (const { prototype } of [Object, ...errors]) letOwnOnesBeAssigned(prototype)
  const names = ownKeys(global)
  const accessors = names.map((name) => getOwnPropertyDescriptor(global, name)).flatMap(({ get, set }) => [get, set])
  freezeAll([...names.map((name) => global[name]), ...accessors, getPrototypeOf(kept), ...more, ...hidden])
  for (const name of names) {
    const isValue = 'value' in getOwnPropertyDescriptor(global, name)
    defineProperty(global, name, isValue ? { configurable: false, writable: false } : { configurable: false })
  }

  const known = new Set(names)
  /** False when something was left that cannot be taken away. */
  return function tidyGlobal() {
    const left = ownKeys(global)
    if (left.length > names.length)
      for (const name of left) if (!known.has(name) && !deleteProperty(global, name)) return false
    return isExtensible(global) && getPrototypeOf(global) === Object.prototype
  }
}
