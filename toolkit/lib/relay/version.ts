// The version of the toolkit.

import { createRequire } from "node:module"

const manifest = createRequire(import.meta.url)("../../package.json") as { version: string }

/** The version of this package, such as `0.1.0`. */
export const version: string = manifest.version
