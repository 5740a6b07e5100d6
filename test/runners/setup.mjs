// For vitest: gets what all tests of this folder need, once.

import { ensureRuntimes } from "../runtimes/runtimes.mjs"
import { ensureTools } from "./base.mjs"

export async function setup() {
  ensureTools()
  await ensureRuntimes()
}
