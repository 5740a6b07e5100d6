// For vitest: installs what the examples bring their own package.json for, once.

import { ensureExample, ensurePackages } from "../../scripts/lib/packages.mjs"
import { inProject } from "../../scripts/lib/project.mjs"

export async function setup() {
  await ensureExample("devsecops")
  await ensurePackages(inProject("examples", "scan-on-commit/eslint"))
}
