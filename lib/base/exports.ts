// Helpers for the exports of the entry points.

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
 * Makes a class throw the error of zeromq's native classes if it is called without `new`. Only `exports` gets the result: inside its module
 * the name stays that of the class, because merged interfaces need it.
 *
 * @param define Returns a function that calls `construct`. It has the name of the class, which V8 shows in errors.
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
