// Every option, in one table. The accessors, the types and docs/options.md come from it.

import { generalOptions } from "./general.js"
import { mechanismOptions } from "./mechanisms.js"
import { patternOptions } from "./patterns.js"
import { transportOptions } from "./transport.js"

export { contextOptions } from "./context.js"
export type { Option, Wire } from "./entry.js"

export const socketOptions = {
  ...generalOptions,
  ...transportOptions,
  ...patternOptions,
  ...mechanismOptions,
} as const
