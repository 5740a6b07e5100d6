// For programs that no runner runs.

import { recorded } from "./record.js"

export { record } from "./record.js"

/** Runs a test at once. One that fails ends the program. */
export const test = (name, body) => recorded(name, body)()
