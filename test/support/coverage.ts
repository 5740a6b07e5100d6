// For vitest under `npm run coverage`: its workers, which it kills, first write which lines they ran.

import v8 from "node:v8"

import { afterAll } from "vitest"

afterAll(() => v8.takeCoverage())
process.once("SIGTERM", () => process.exit())
