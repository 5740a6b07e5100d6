// What the standards' own schemas and other implementations of them say.

import { readFileSync } from "node:fs"
import { Ajv } from "ajv"
import formats from "ajv-formats"
import fc from "fast-check"
import { checkEvent, encode } from "ohmq-toolkit/events"
import { describe, expect, it } from "vitest"
import { events } from "./arbitrary.js"
import { bytesOf, vectors } from "./vectors.js"

const ajv = new Ajv({ strict: false })
formats.default(ajv)
const schema = readFileSync(new URL("schemas/cloudevents-1.0.2.json", import.meta.url), "utf8")
const allows = ajv.compile(JSON.parse(schema))

describe("the JSON Schema of CloudEvents", () => {
  it("allows what is encoded", () => {
    fc.assert(fc.property(events, (event) => allows(JSON.parse(String(encode(event)[1])))))
  })

  it("allows the valid vectors", () => {
    for (const { name, frames, error } of vectors) {
      if (error === undefined) expect(allows(JSON.parse(String(bytesOf(frames[1] ?? "")))), name).toBe(true)
    }
  })
})

describe("URIs", () => {
  const event = { specversion: "1.0", id: "1", type: "t", source: "/s" }
  const takes = (attributes: object) => {
    try {
      checkEvent({ ...event, ...attributes })
      return true
    } catch {
      return false
    }
  }

  // RFC 3986, appendix A, as it is there; but what an IP literal has between its brackets is not looked into.
  const pct = "%[0-9A-Fa-f]{2}"
  const plain = "A-Za-z0-9\\-._~!$&'()*+,;="
  const segment = `(?:[${plain}:@]|${pct})*`
  const segmentNz = `(?:[${plain}:@]|${pct})+`
  const segmentNzNc = `(?:[${plain}@]|${pct})+`
  const host = `(?:\\[[${plain}:]+\\]|(?:[${plain}]|${pct})*)`
  const authority = `(?:(?:[${plain}:]|${pct})*@)?${host}(?::[0-9]*)?`
  const rest = `(?:/${segment})*`
  const absolute = `/(?:${segmentNz}${rest})?`
  const tail = `(?:[${plain}:@/?]|${pct})*`
  const end = `(?:\\?${tail})?(?:#${tail})?$`
  const uri = new RegExp(`^[A-Za-z][A-Za-z0-9+.-]*:(?://${authority}${rest}|${absolute}|${segmentNz}${rest}|)${end}`)
  const relative = new RegExp(`^(?://${authority}${rest}|${absolute}|${segmentNzNc}${rest}|)${end}`)

  it.each([
    ["source", (text: string) => uri.test(text) || relative.test(text)],
    ["dataschema", (text: string) => uri.test(text)],
  ])("are valid as %s if the grammar of RFC 3986 has them", (name, matches) => {
    const pieces = "a Z 1 : // / ? # @ % %41 [ ] ::1 . - | ä http:// h:80".split(" ")
    const texts = fc.array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 8 }).map((parts) => parts.join(""))
    fc.assert(
      fc.property(texts, (text) => takes({ [name]: text }) === matches(text)),
      { numRuns: 20_000 },
    )
  })
})
