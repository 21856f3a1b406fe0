/**
 * Freezes all that can be reached, so that no expression leaves a trace for the next, which may belong to another project. Two objects stay open for
 * more properties, which are taken away after each text: the global one, where the later expressions of a text see what the earlier ones assigned, and
 * moment's locale, where moment keeps caches.
 */
;(locale) => {
  const { defineProperty, deleteProperty, getOwnPropertyDescriptor, getPrototypeOf, ownKeys } = Reflect
  const { freeze, isExtensible } = Object
  const global = globalThis
  const fixed = new Set(ownKeys(global))

  // QuickJS lets a definition that tells a value and nothing else overwrite what is fixed in the global object.
  const { defineProperty: defineOrThrow, defineProperties } = Object
  const isFixed = (object, key) => object === global && fixed.has(key)
  const keyOf = (name) => (typeof name === 'symbol' ? name : `${name}`)
  const guarded = {
    defineProperty(object, name, descriptor) {
      const key = keyOf(name)
      if (isFixed(object, key)) throw new TypeError(`${String(key)} cannot be redefined`)
      return defineOrThrow(object, key, descriptor)
    },
    defineProperties(object, descriptors) {
      if (object === global) throw new TypeError('Define the properties of the global object one by one')
      return defineProperties(object, descriptors)
    },
  }
  Object.assign(Object, guarded)
  Reflect.defineProperty = {
    defineProperty(object, name, descriptor) {
      const key = keyOf(name)
      return !isFixed(object, key) && defineProperty(object, key, descriptor)
    },
  }.defineProperty

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
    const seen = new Set([locale, global])
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
  const valuesOf = (object) => ownKeys(object).map((name) => object[name])
  const accessors = ownKeys(global)
    .map((name) => getOwnPropertyDescriptor(global, name))
    .flatMap(({ get, set }) => [get, set])
  freezeAll([...valuesOf(global), ...accessors, ...valuesOf(locale), getPrototypeOf(locale), ...hidden])

  /** What the object has stays as it is. Gives what takes all else away: false when that cannot be. */
  function fix(object) {
    const [names, prototype] = [ownKeys(object), getPrototypeOf(object)]
    for (const name of names) {
      const isValue = 'value' in getOwnPropertyDescriptor(object, name)
      defineProperty(object, name, isValue ? { configurable: false, writable: false } : { configurable: false })
    }
    const known = new Set(names)
    return () => {
      const left = ownKeys(object)
      if (left.length > names.length)
        for (const name of left) if (!known.has(name) && !deleteProperty(object, name)) return false
      return isExtensible(object) && getPrototypeOf(object) === prototype
    }
  }
  const [tidyGlobal, tidyLocale] = [fix(global), fix(locale)]
  return () => tidyGlobal() && tidyLocale()
}
