// Every option, in one table: the accessors, the types and docs/options.md are made from it.

import { generalOptions } from "./general.js"
import { patternOptions } from "./patterns.js"
import { securityOptions } from "./security.js"
import { transportOptions } from "./transport.js"

export { contextOptions } from "./context.js"
export type { Option, Wire } from "./entry.js"

export const socketOptions = {
  ...generalOptions,
  ...transportOptions,
  ...patternOptions,
  ...securityOptions,
} as const
