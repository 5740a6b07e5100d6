import { join } from "node:path"
import { readConfig } from "ohmq-toolkit/relay"
import { describe, expect, it } from "vitest"
import { temporaryFolder } from "./support.js"

describe("readConfig", () => {
  it("says what to do if there is no file", () => {
    const file = join(temporaryFolder(), "relay.yaml")
    expect(() => readConfig(file)).toThrow(`${file}:1:1: There is no such file. Write one with: ohmq relay init`)
  })

  it("says what to do if it is given a folder", () => {
    expect(() => readConfig(temporaryFolder())).toThrow("It is a folder. Name the file in it, such as relay.yaml")
  })
})
