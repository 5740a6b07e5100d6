import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fromSarif } from "ohmq-toolkit/events"
import { describe, expect, it } from "vitest"
import { ohmq, temporaryFolder } from "../relay/support.js"

const options = "{ linger: 0, heartbeatInterval: 1 }"
const bad = `import { Push } from "ohmq"\nawait new Push(${options}).bind("tcp://*:1")\n`
const says = "error public-bind: Other machines can reach this Push at tcp://*:1, unencrypted. Bind to 127.0.0.1"

describe("ohmq lint", () => {
  it("checks files and folders, but not what others wrote", () => {
    const folder = temporaryFolder()
    expect(ohmq(folder, "lint", ".")).toEqual({ status: 0, stdout: "0 files checked: 0 findings\n", stderr: "" })
    for (const name of ["src", "node_modules", "dist", ".git"]) {
      mkdirSync(join(folder, name))
      writeFileSync(join(folder, name, "a.mjs"), bad)
    }
    writeFileSync(join(folder, "compose.yaml"), "services: {}\n")
    writeFileSync(join(folder, "notes.txt"), bad)
    const { status, stdout, stderr } = ohmq(folder, "lint", ".")
    expect({ status, stderr }).toEqual({ status: 1, stderr: "" })
    expect(stdout).toMatch(new RegExp(`^src/a.mjs:2:7: ${says.replaceAll("*", "\\*")}.*\n1 file checked: 1 finding\n$`))
  })

  it("prints JSON and SARIF", () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, "a b.mjs"), bad)
    const json = ohmq(folder, "lint", "a b.mjs", "--output", "json")
    expect(json.status).toBe(1)
    expect(JSON.parse(json.stdout)).toMatchObject({
      file: "a b.mjs",
      line: 2,
      column: 7,
      rule: "public-bind",
      level: "error",
    })
    const sarif = ohmq(folder, "lint", "a b.mjs", "--output", "sarif")
    expect(sarif.status).toBe(1)
    const [event] = fromSarif(JSON.parse(sarif.stdout))
    expect(event?.data).toMatchObject({
      tool: { name: "ohmq lint" },
      rule: { id: "public-bind" },
      level: "error",
      location: { uri: "a%20b.mjs", line: 2, column: 7 },
    })
    writeFileSync(join(folder, "a b.mjs"), "")
    const none = ohmq(folder, "lint", "a b.mjs", "--output", "sarif")
    expect(none.status).toBe(0)
    expect(JSON.parse(none.stdout)).toMatchObject({ version: "2.1.0", runs: [{ results: [] }] })
  })

  it("goes on after a file that it cannot read, and ends with 2", () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, "a.ts"), "let = =")
    writeFileSync(join(folder, "b.mjs"), bad)
    const { status, stdout, stderr } = ohmq(folder, "lint", "none.js", "a.ts", "b.mjs")
    expect(status).toBe(2)
    expect(stderr).toMatch(/^none.js:1:1: There is no such file\na.ts:1:\d+: Cannot parse the program: .*\n$/)
    expect(stdout).toContain("1 file checked: 1 finding; 2 files not checked\n")
  })

  it("refuses wrong usage", () => {
    const folder = temporaryFolder()
    expect(ohmq(folder, "lint")).toMatchObject({
      status: 2,
      stderr: "error: Name the files or folders: ohmq lint FILE...\n",
    })
    expect(ohmq(folder, "lint", "a.js", "--output", "sarf")).toMatchObject({
      status: 2,
      stderr: 'error: --output: Unknown value "sarf". Did you mean "sarif"?\n',
    })
    expect(ohmq(folder, "lint", "--help")).toMatchObject({ status: 0, stderr: "" })
  })
})
