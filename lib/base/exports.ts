// How the entry points export.

/**
 * Makes the exports of a module plain properties, as zeromq's are, so that tests can replace them (`jest.spyOn`, `sinon.stub`).
 * TypeScript turns re-exports into getters. Those of `export *` cannot be redefined: assign such modules to `exports` first, and
 * TypeScript leaves their names alone.
 */
export function makeReplaceable(exported: Record<string, unknown>): void {
  for (const name of Object.keys(exported)) {
    Object.defineProperty(exported, name, { value: exported[name], writable: true })
  }
}

/**
 * Has a class say what zeromq's native classes say if it is called without `new`. The result is for `exports` alone: within its
 * module, the name stays that of the class itself, as merged interfaces need it.
 *
 * @param define Makes a function, which calls `construct`. It has the name of the class, as V8 shows it in its errors.
 */
export function needsNew<T extends { prototype: object }>(
  wanted: T,
  define: (construct: (given: ArrayLike<unknown>, target: unknown) => object) => () => object,
): T {
  const exported = define((given, target) => {
    if (target === undefined) throw new TypeError("Class constructors cannot be invoked without 'new'")
    return Reflect.construct(wanted as never, given, target as never)
  })
  Object.setPrototypeOf(exported, Object.getPrototypeOf(wanted))
  Object.defineProperties(exported, Object.getOwnPropertyDescriptors(wanted))
  Object.defineProperty(wanted.prototype, "constructor", { value: exported, writable: true, configurable: true })
  return exported as unknown as T
}
