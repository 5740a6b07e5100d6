// Random events, for tests of properties.

import fc from "fast-check"
import type { Event } from "ohmq-toolkit/events"

const isAllowed = (text: string) => !/[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/u.test(text)
const text = fc.string({ unit: "binary", minLength: 1, maxLength: 20 }).filter(isAllowed)
const uri = fc.oneof(
  fc.webUrl({ withQueryParameters: true, withFragments: true }),
  fc.webPath().filter((path) => path !== ""),
)
const time = fc
  .date({ noInvalidDate: true, min: new Date(0), max: new Date("2200-01-01") })
  .map((date) => date.toISOString())
const extension = fc.oneof(text, fc.boolean(), fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }))
const core = new Set("specversion id source type time subject datacontenttype dataschema data ohmqsender".split(" "))
const name = fc
  .string({ unit: fc.constantFrom(..."abcxyz0189"), minLength: 1, maxLength: 8 })
  .filter((word) => !core.has(word))

const data = fc.oneof(
  fc.record({}),
  // JSON.stringify does not write the sign of -0.
  fc.record({
    data: fc.jsonValue({ maxDepth: 8, stringUnit: "binary" }).map((value) => JSON.parse(JSON.stringify(value))),
  }),
  fc.record({ data: fc.uint8Array({ maxLength: 50 }).map((bytes) => Buffer.from(bytes)) }),
  fc.record({
    data: fc.string({ unit: "binary" }),
    datacontenttype: fc.constantFrom("text/plain", 'application/xml; a="b\\"c"'),
  }),
)

/** Valid events, with any attributes and data. */
export const events: fc.Arbitrary<Event> = fc
  .record({
    extensions: fc.dictionary(name, extension, { maxKeys: 4, noNullPrototype: true }),
    core: fc.record(
      {
        specversion: fc.constant("1.0" as const),
        id: text,
        source: uri,
        type: text,
        time,
        subject: text,
        dataschema: fc.webUrl(),
        traceparent: text,
      },
      { requiredKeys: ["specversion", "id", "source", "type"] },
    ),
    data,
  })
  .map(({ extensions, core, data }) => ({ ...extensions, ...core, ...data }))
