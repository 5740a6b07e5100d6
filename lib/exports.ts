// How the entry points export.

/**
 * Makes what a module exports plain properties, as zeromq's are, so that tests can put something else in their place
 * (`jest.spyOn`, `sinon.stub`). What TypeScript passes on from other modules it makes getters. For `export *` these cannot be made
 * anything else: such modules are assigned to `exports` before, and then TypeScript leaves them alone.
 */
export function makeReplaceable(exported: Record<string, unknown>): void {
  for (const name of Object.keys(exported)) {
    Object.defineProperty(exported, name, { value: exported[name], writable: true })
  }
}
