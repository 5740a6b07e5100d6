// Saved connections, by name.

import type { ConnectionValues } from "./options.js"

/** The values of a profile below those of the command line, and its endpoints. */
export function applyProfile(
  _name: string | undefined,
  values: ConnectionValues,
): { values: ConnectionValues; endpoints: readonly string[] } {
  return { values, endpoints: [] }
}
