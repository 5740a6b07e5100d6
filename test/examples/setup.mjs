// For vitest: installs what the examples bring their own package.json for, once.

import { ensureExample } from "../../scripts/lib/packages.mjs"

export async function setup() {
  for (const name of ["devsecops", "scan-on-commit"]) await ensureExample(name)
}
