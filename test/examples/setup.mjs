// For vitest: installs what the examples bring their own package.json for, once.

import { ensureExample } from "../../scripts/lib/packages.mjs"

export const setup = () => ensureExample("devsecops")
