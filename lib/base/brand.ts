// Makes `instanceof` recognise objects of other copies of this package in the process; see lib/native/interface.ts.

const isInstance = Function.prototype[Symbol.hasInstance]

/** Marks the objects of a class with a name that is the same in all copies, and makes `instanceof` look for the mark. */
export function brand(name: string, branded: { prototype: object }): void {
  const mark = Symbol.for(`ohmq.${name}`)
  Object.defineProperty(branded.prototype, mark, { value: true })
  Object.defineProperty(branded, Symbol.hasInstance, {
    configurable: true,
    value(this: { prototype: object }, value: unknown) {
      if (isInstance.call(this as never, value)) return true
      // Subclasses inherit this method, but an object that is marked need not be one of theirs.
      return this?.prototype === branded.prototype && typeof value === "object" && value !== null && mark in value
    },
  })
}
