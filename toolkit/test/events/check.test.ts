import { checkEvent, createEvent, type EventInit } from "ohmq-toolkit/events"
import { describe, expect, it } from "vitest"

const code = (value: string) => expect.objectContaining({ name: "EventError", code: value })
const base = { source: "/s", type: "a.b" }

describe("createEvent", () => {
  it("sets the version, a random id and the time", () => {
    const before = Date.now()
    const event = createEvent(base)
    expect(event).toMatchObject({ specversion: "1.0", ...base })
    expect(event.id).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/)
    expect(createEvent(base).id).not.toBe(event.id)
    expect(Date.parse(event.time ?? "")).toBeGreaterThanOrEqual(before)
  })

  it("takes id, time, other attributes and data", () => {
    const init = { ...base, id: "1", time: "2026-01-31T12:00:00Z", subject: "x", ext: 7, data: { a: [1, null, "x"] } }
    expect(createEvent(init)).toEqual({ specversion: "1.0", ...init })
  })

  it("leaves out attributes that are undefined, and members of the data that JSON leaves out", () => {
    const event = createEvent({ ...base, subject: undefined, data: { a: 1, b: undefined } } as unknown as EventInit)
    expect(Object.keys(event)).toEqual(["specversion", "id", "source", "type", "time", "data"])
  })

  it("does not let a program claim a sender", () => {
    expect(() => createEvent({ ...base, ohmqsender: "root" })).toThrow(code("reserved-attribute"))
  })
})

describe("checkEvent", () => {
  const event = { specversion: "1.0", id: "1", ...base }
  const circle: unknown[] = []
  circle.push(circle)
  // Two to the power of 60 values, and few objects.
  let wide: unknown = 1
  for (let level = 0; level < 60; level++) wide = [wide, wide]

  it.each<[string, unknown, string, string]>([
    ["null", null, "not-object", "An event must be an object"],
    ["an array", [event], "not-object", "An event must be an object"],
    ["no id", { ...event, id: undefined }, "missing-attribute", 'The event has no attribute "id"'],
    ["a number as id", { ...event, id: 7 }, "attribute-value", 'Attribute "id" must be a string; it is 7'],
    [
      "a Date as time",
      { ...event, time: new Date() },
      "attribute-value",
      'Attribute "time" must be a string; it is of type object',
    ],
    [
      "a bad name",
      { ...event, traceParent: "x" },
      "attribute-name",
      'Attribute name "traceParent" must have the characters a-z and 0-9 only, at least one',
    ],
    ["NaN", { ...event, n: Number.NaN }, "attribute-value", 'Attribute "n" must be an integer of 32 bits; it is NaN'],
    [
      "a function in the data",
      { ...event, data: { f() {} } },
      "data-invalid",
      "data.f is of type function, which JSON cannot express",
    ],
    [
      "a bigint in the data",
      { ...event, data: [1n] },
      "data-invalid",
      "data[0] is of type bigint, which JSON cannot express",
    ],
    [
      "a hole in the data",
      { ...event, data: [undefined] },
      "data-invalid",
      "data[0] is of type undefined, which JSON cannot express",
    ],
    [
      "infinity in the data",
      { ...event, data: { a: [1, 1 / 0] } },
      "data-invalid",
      "data.a[1] is Infinity; numbers must be finite",
    ],
    [
      "a Map in the data",
      { ...event, data: new Map() },
      "data-invalid",
      "data is a Map; data must be plain objects, arrays and simple values",
    ],
    [
      "a Date in the data",
      { ...event, data: { at: new Date() } },
      "data-invalid",
      "data.at is a Date; data must be plain objects, arrays and simple values",
    ],
    [
      "bytes within the data",
      { ...event, data: [Buffer.of(1)] },
      "data-invalid",
      "data[0] is a Uint8Array; data must be plain objects, arrays and simple values",
    ],
    [
      "an object as text",
      { ...event, datacontenttype: "text/plain", data: {} },
      "data-invalid",
      'Data of the type "text/plain" must be a string or bytes; it is of type object',
    ],
    ["data that refers to itself", { ...event, data: circle }, "too-deep", "The event is nested deeper than 64 levels"],
    [
      "data that is too wide",
      { ...event, data: wide },
      "too-large",
      "The data has more values than the event may have bytes (1048576)",
    ],
  ])("refuses %s", (_, value, expected, reason) => {
    expect(() => checkEvent(value)).toThrow(expect.objectContaining({ code: expected, reason, message: reason }))
  })

  it.each([
    [
      "source",
      [
        "a",
        "1-555-123-4567",
        "mailto:a@b.org",
        "urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66",
        "//h",
        "?q",
        "#f",
        "./a:b",
        "http://[2001:db8::1]:8080/?a[]".slice(0, -2),
      ],
    ],
    ["dataschema", ["urn:x", "https://example.com/a?b#c"]],
    ["time", ["2024-02-29T23:59:59+14:00", "2000-02-29T00:00:00.1z", "1900-02-28T00:00:00-00:00"]],
    ["datacontenttype", ["text/plain", 'a/b ; c="d;\\"e" ;f=g', "APPLICATION/vnd.x+json"]],
  ])("takes as %s what the standard has", (name, values) => {
    for (const value of values) expect(checkEvent({ ...event, [name]: value })).toHaveProperty(name, value)
  })

  it.each([
    [
      "source",
      [
        "",
        " ",
        "a b",
        "ä",
        "a#b#c",
        "%",
        "%4",
        "1:b",
        ":b",
        "http://[::1",
        "http://[]/",
        "http://[::1]x/",
        "http://h:8a/",
        "http://a@b@c/",
        "a[1]",
        "http://h/[",
        "http://[g:h]i@j/",
        "<a>",
        "a\\b",
      ],
    ],
    ["dataschema", ["a", "/a", "//h/a", ":"]],
    [
      "time",
      [
        "2023-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "2023-04-31T00:00:00Z",
        "2023-13-01T00:00:00Z",
        "2023-00-01T00:00:00Z",
        "2023-01-00T00:00:00Z",
        "2023-01-01T24:00:00Z",
        "2023-01-01T00:60:00Z",
        "2023-01-01T00:00:61Z",
        "2023-01-01T00:00:00+24:00",
        "2023-01-01T00:00:00+00:60",
        "2023-01-01T00:00:00",
        "2023-01-01",
        "2023-01-01 00:00:00Z",
        "2023-01-01T00:00:00.Z",
        "now",
      ],
    ],
    ["datacontenttype", ["text", "/b", "a/", "a/b;", "a/b;c", "a/b; c=d e", `a/${"b".repeat(1000)}`]],
  ])("refuses as %s what the standard does not have", (name, values) => {
    for (const value of values)
      expect(() => checkEvent({ ...event, [name]: value }), value).toThrow(code("attribute-value"))
  })

  it("checks long values in time that grows with their length only", () => {
    const long = (text: string) => text.repeat(1_000_000 / text.length)
    const attacks = [long("a"), long("%41"), long("a:"), long("@"), `http://${long("a@")}`, long("[")]
    for (const source of attacks) {
      const started = performance.now()
      try {
        checkEvent({ ...event, source, dataschema: source, datacontenttype: long("a/b;"), ext: source })
      } catch {}
      expect(performance.now() - started).toBeLessThan(1000)
    }
  })
})
