// The JSON Schema for editors, by ajv: it accepts what the relay accepts, and refuses wrong options.

import { readdirSync, readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { Ajv } from "ajv"
import addFormats from "ajv-formats"
import { describe, expect, it } from "vitest"
import { parse } from "yaml"
import { basic, ohmq, temporaryFolder } from "./support.js"

const toolkit = resolve(import.meta.dirname, "../..")
const shipped = readFileSync(join(toolkit, "docs/relay.schema.json"), "utf8")
const ajv = new Ajv({ allErrors: true, strict: true, strictRequired: false })
addFormats.default(ajv)
const validate = ajv.compile(JSON.parse(shipped))

/** What is wrong with a text, as an editor would say it: the place, and the keyword. */
function errorsOf(yaml: string): string[] {
  if (validate(parse(yaml))) return []
  return (validate.errors ?? [])
    .filter(({ keyword }) => keyword !== "if")
    .map(({ instancePath, keyword }) => `${instancePath} ${keyword}`)
}

/** The configurations in the documents. */
const documented = ["README.md", "docs/relay.md", ...readdirSync(join(toolkit, "docs")).map((name) => `docs/${name}`)]
  .filter((name, index, all) => name.endsWith(".md") && all.indexOf(name) === index)
  .flatMap((name) =>
    [...readFileSync(join(toolkit, name), "utf8").matchAll(/^```yaml\n(.+?)^```/gms)]
      .map(([, yaml]) => yaml as string)
      .filter((yaml) => /^version: 1$/m.test(yaml) && yaml.includes("sinks:"))
      .map((yaml, index) => [`${name}, ${index + 1}`, yaml] as const),
  )

describe("docs/relay.schema.json", () => {
  it("is what the command prints", () => {
    expect(ohmq(temporaryFolder(), "relay", "schema")).toEqual({ status: 0, stdout: shipped, stderr: "" })
  })

  it("accepts what init writes, which refers to it", () => {
    const folder = temporaryFolder()
    expect(ohmq(folder, "relay", "init").status).toBe(0)
    const text = readFileSync(join(folder, "relay.yaml"), "utf8")
    expect(errorsOf(text)).toEqual([])
    const reference = /^# yaml-language-server: \$schema=(.+)\n/.exec(text)?.[1] ?? ""
    expect(readFileSync(resolve(folder, reference), "utf8")).toBe(shipped)
  })

  it("has configurations in the documents to accept", () => expect(documented.length).toBeGreaterThan(0))

  it.each([...documented, ["the basic one", basic] as const])("accepts %s", (_name, yaml) => {
    expect(errorsOf(yaml)).toEqual([])
  })

  it.each([
    ["version: 1", "version: 2", "/version const"],
    ["path: ./data", "pth: ./data", "/store additionalProperties"],
    ["path: ./data", "path: ./data, maxBytes: 1GB5", "/store/maxBytes pattern"],
    ["type: webhook", "type: webhok", "/sources/hooks/type enum"],
    ["type: webhook, ", "", "/sources/hooks required"],
    ["preset: github", "preset: githb", "/sources/hooks/preset enum"],
    [
      "env:GITHUB_SECRET",
      "hunter2",
      "/sources/hooks/secret pattern",
      "/sources/hooks/secret type",
      "/sources/hooks/secret anyOf",
    ],
    ["path: /github", "path: github", "/sources/hooks/path pattern"],
    ["to: [archive]", "to: archive", "/routes/0/to type"],
    ["path: ./events.ndjson", "path: ./events.ndjson, keep: 0", "/sinks/archive/keep minimum"],
    ["path: ./events.ndjson", "path: a, delivery: { batch: many }", "/sinks/archive/delivery/batch type"],
    ["path: ./events.ndjson", "path: a, url: b", "/sinks/archive additionalProperties"],
    ["  archive:", "  a b:", "/sinks propertyNames", "/sinks pattern"],
  ])("refuses %j replaced by %j", (from, to, ...expected) => {
    expect(basic).toContain(from)
    expect(errorsOf(basic.replace(from, to)).toSorted()).toEqual(expected.toSorted())
  })

  it("accepts a list of secrets, or one", () => {
    expect(errorsOf(basic.replace("env:GITHUB_SECRET", "[env:NEW, env:OLD]"))).toEqual([])
  })
})
