// The parser of examples/syslog. With rsyslog, the example is tested in test/interop.

import path from "node:path"
import { pathToFileURL } from "node:url"

import { describe, expect, it } from "vitest"

import { root, runCommand } from "../support/process.js"

const example = path.join(root, "examples/syslog")
const { parseRecord } = (await import(pathToFileURL(path.join(example, "record.mjs")).href)) as {
  parseRecord(text: string): Record<string, unknown> | undefined
}

describe("examples/syslog", () => {
  it.each<[string, object]>([
    [
      `<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - \ufeff'su root' failed for lonvick on /dev/pts/8\n`,
      {
        severity: "critical",
        facility: 4,
        host: "mymachine.example.com",
        process: null,
        id: "ID47",
        data: {},
        message: "'su root' failed for lonvick on /dev/pts/8",
      },
    ],
    [
      String.raw`<165>1 - - - - - [a@1 iut="3" q="\"\]\\ x"][b@2]`,
      { severity: "notice", time: null, data: { "a@1": { iut: "3", q: '"]\\ x' }, "b@2": {} }, message: "" },
    ],
    ["<0>1 - - - - - - two\nlines\n", { severity: "emergency", message: "two\nlines" }],
  ])("parses %j", (text, record) => {
    expect(parseRecord(text)).toMatchObject(record)
  })

  it.each([
    "",
    "text",
    "<192>1 - - - - - -",
    "<34>2 - - - - - -",
    "<34>1 - - - - -",
    "<34>1 - - - - - [a",
    '<34>1 - - - - - [a b="c]',
    "<34>1 - - - - - -x",
    `<34>1 - - - - - [${'a b="c" '.repeat(20_000)}`,
  ])("takes %j for no record", (text) => {
    expect(parseRecord(text)).toBeUndefined()
  })

  it.each(["collector.mjs", "send.mjs"])("%s explains its usage", async (program) => {
    const { status, stdout } = await runCommand(process.execPath, [path.join(example, program)])
    expect({ status, stdout }).toEqual({ status: 2, stdout: expect.stringContaining("Usage") })
  })
})
