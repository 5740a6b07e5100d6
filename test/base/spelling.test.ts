import { Push } from "ohmq"
import { describe, expect, it } from "vitest"

import { thrown } from "../support/sockets.js"

describe("suggestions", () => {
  it.each([
    ["lingr", "linger"],
    ["lnger", "linger"],
    ["ilnger", "linger"],
    ["LINGER", "linger"],
  ])("finds the option that %s was meant to be", (name, meant) => {
    expect(thrown(() => new Push({ [name]: 1 } as object)).message).toContain(`Did you mean "${meant}"?`)
  })
})
