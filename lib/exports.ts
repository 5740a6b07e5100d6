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
