import { readFileSync } from "node:fs"
import path from "node:path"

import { describe, expect, it } from "vitest"

import { interfaceHeader } from "../../scripts/interface.mjs"
import { root } from "../support/process.js"

describe("native/interface.h", () => {
  it("is what scripts/interface.mjs writes", () => {
    expect(readFileSync(path.join(root, "native/interface.h"), "utf8")).toBe(interfaceHeader())
  })

  it("has the numbers of TypeScript, and the names of zmq.h wherever lib/ uses one", () => {
    const header = interfaceHeader()
    expect(header).toMatch(/^constexpr uint32_t kInterface = \d+;$/m)
    expect(header).toContain("constexpr uint32_t kCopyLimit = 1024;")
    expect(header).toContain("  kCurveKey = 7,\n")
    expect(header).toContain("  static constexpr uint32_t kMayReference = 2;\n")
    // In the option table, as a key, as a variable; and not one that a comment alone has.
    for (const name of ["ZMQ_AFFINITY", "ZMQ_EVENT_LISTENING", "ZMQ_CHANNEL"])
      expect(header).toContain(`apply(${name})`)
    expect(header).not.toContain("ZMQ_SNDMORE")
  })
})
