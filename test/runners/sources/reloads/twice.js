import assert from "node:assert"

import { test } from "./adapter.js"
import { load } from "./load.js"

await test("it is loaded twice, and nothing is done", () => {
  assert.notEqual(load(), load())
})
