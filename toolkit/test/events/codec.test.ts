import fc from "fast-check"
import {
  accept,
  acceptJson,
  amend,
  createEvent,
  dataBytes,
  decode,
  EventError,
  encode,
  withSender,
} from "ohmq-toolkit/events"
import { describe, expect, it } from "vitest"
import { events } from "./arbitrary.js"

const code = (value: string) => expect.objectContaining({ name: "EventError", code: value })
const event = createEvent({ source: "/s", type: "a.b", id: "1", data: { a: 1 } })

/** The event of some frames, or undefined if they are refused. Whatever else is thrown is a crash. */
function decodeOrRefuse(frames: Uint8Array[]) {
  try {
    return decode(frames)
  } catch (error) {
    if (error instanceof EventError) return undefined
    throw error
  }
}

describe("encode and decode", () => {
  it("keep any valid event", () => {
    fc.assert(
      fc.property(events, (event) => {
        expect(decode(encode(event))).toStrictEqual(event)
      }),
      { numRuns: 1000 },
    )
  })

  it("refuse a changed byte, or decode a valid event", () => {
    const changes = fc.record({ event: events, at: fc.nat(), byte: fc.nat(255) })
    let refused = 0
    fc.assert(
      fc.property(changes, ({ event, at, byte }) => {
        const frames = encode(event)
        const place = at % Buffer.concat(frames).length
        let before = 0
        for (const frame of frames) {
          if (place - before < frame.length && place >= before) frame[place - before] = byte
          before += frame.length
        }
        const changed = decodeOrRefuse(frames)
        // Bytes: JSON.parse makes -0 of a number such as -1e-999, and JSON.stringify makes 0 of that.
        if (changed) expect(encode(decode(encode(changed)))).toEqual(encode(changed))
        else refused++
      }),
      { numRuns: 5000 },
    )
    expect(refused).toBeGreaterThan(100)
  })

  it("refuse each byte of an event that is changed into each other one, or decode a valid event", () => {
    const original = encode(
      createEvent({ source: "/s", type: "a.ü", id: "1", time: "2026-01-31T12:00:00Z", data: ["\n😀", -1.5e3] }),
    )
    for (const [index, frame] of original.entries()) {
      for (let at = 0; at < frame.length; at++) {
        for (let byte = 0; byte < 256; byte++) {
          const frames = original.map((bytes) => Buffer.from(bytes))
          const changed = frames[index] as Buffer
          changed[at] = byte
          const decoded = decodeOrRefuse(frames)
          if (decoded) encode(decoded)
        }
      }
    }
  })

  it("never crash on random bytes", () => {
    const frames = fc.array(
      fc.oneof(
        fc.uint8Array(),
        fc.json().map((text) => Buffer.from(text)),
      ),
      { maxLength: 4 },
    )
    fc.assert(
      fc.property(frames, (frames) => void decodeOrRefuse(frames)),
      { numRuns: 1000 },
    )
  })

  it("have limits that can be set", () => {
    const frames = encode(event)
    const size = Buffer.concat(frames).length
    expect(decode(frames, { bytes: size })).toEqual(event)
    expect(() => decode(frames, { bytes: size - 1 })).toThrow(code("too-large"))
    expect(() => encode(event, { bytes: size - 1 })).toThrow(code("too-large"))
    expect(decode(frames, { levels: 2 })).toEqual(event)
    expect(() => decode(frames, { levels: 1 })).toThrow(code("too-deep"))
    expect(() => encode(event, { levels: 1 })).toThrow(code("too-deep"))
  })

  it("take bytes that are no Buffers", () => {
    const frames = encode(event).map((frame) => new Uint8Array(frame))
    expect(decode(frames)).toEqual(event)
  })
})

describe("accept", () => {
  it("keeps a sender only if told that the connection can be trusted", () => {
    const frames = withSender({ frames: encode(event), sender: "alice" })
    expect(accept(frames, { trustSender: true })).toEqual({ event: { ...event, ohmqsender: "alice" }, frames })
    expect(accept(frames)).toEqual({ event, frames: encode(event), claimedSender: "alice" })
  })

  it("drops a claimed sender of any event, and changes no other member", () => {
    fc.assert(
      fc.property(events, fc.jsonValue(), (event, claim) => {
        const frames = encode(event)
        const text = frames[1]?.toString() ?? ""
        frames[1] = Buffer.from(`${text.slice(0, -1)},"ohmqsender":${JSON.stringify(claim)}}`)
        expect(accept(frames).frames[1]?.toString()).toBe(text)
        expect(accept(frames).event).toEqual(event)
      }),
    )
  })
})

describe("withSender", () => {
  it("shows the authenticated sender, whatever the event claims", () => {
    const [type, envelope] = encode(event)
    const claiming = [type, Buffer.from(String(envelope).replace("{", '{"ohmqsender":"root",'))] as Buffer[]
    expect(decode(withSender({ frames: claiming, sender: "alice" }), { trustSender: true }).ohmqsender).toBe("alice")
  })

  it("returns the frames of an unknown sender as they are", () => {
    const frames = encode(event)
    expect(withSender({ frames })).toBe(frames)
  })
})

describe("amend", () => {
  it("sets, adds and removes attributes, and keeps the data byte for byte", () => {
    const json = '{ "n" : 12345678901234567890 }'
    const frames = [
      Buffer.from("a.b"),
      Buffer.from(`{"specversion":"1.0","id":"1","source":"/s","subject":"x","type":"a.b" , "data":${json}}`),
    ]
    const changed = amend(frames, { subject: null, type: "c", ext: 7 })
    expect(decode(changed)).toMatchObject({ type: "c", ext: 7, id: "1" })
    expect(decode(changed)).not.toHaveProperty("subject")
    expect(dataBytes(changed)?.toString()).toBe(json)
  })

  it("does the same as encoding a changed event", () => {
    const changes = fc.record({ subject: fc.option(fc.constant("new")), ext: fc.option(fc.boolean()) })
    fc.assert(
      fc.property(events, changes, (event, changes) => {
        const expected = Object.entries({ ...event, ...changes }).filter(
          ([name, value]) => value !== null || name === "data",
        )
        expect(decode(amend(encode(event), changes))).toEqual(Object.fromEntries(expected))
      }),
    )
  })

  it.each([
    [{ id: null }, "missing-attribute"],
    [{ subject: "" }, "attribute-value"],
    [{ "": 1 }, "attribute-name"],
    [{ data: 1 }, "attribute-name"],
  ])("refuses %j", (changes, expected) => {
    expect(() => amend(encode(event), changes)).toThrow(code(expected))
  })
})

describe("acceptJson", () => {
  const { data: _, ...head } = createEvent({ source: "/hooks", type: "com.github.push" })

  it("puts JSON text into an event byte for byte", () => {
    const body = Buffer.from('{ "size" : 1.0, "id":12345678901234567890 }\n')
    const accepted = acceptJson(head, body)
    expect(accepted.event).toEqual({ ...head, data: JSON.parse(body.toString()) })
    expect(dataBytes(accepted.frames)?.toString()).toBe(body.toString().trim())
  })

  it.each(["", "{", "1,2", '1,"ext":2', '1,"data":2', '1}{"a":1', "NaN"])("refuses the text %j", (text) => {
    expect(() => acceptJson(head, Buffer.from(text))).toThrow(EventError)
  })

  it("refuses a content type that is not JSON", () => {
    expect(() => acceptJson({ ...head, datacontenttype: "text/plain" }, Buffer.from("1"))).toThrow(code("data-invalid"))
  })
})

describe("dataBytes", () => {
  it("returns what the producer sent as data, of any event", () => {
    fc.assert(
      fc.property(events, (event) => {
        const { data, datacontenttype } = event
        const bytes = dataBytes(encode(event))
        if (data === undefined || Buffer.isBuffer(data)) expect(bytes).toEqual(data)
        else expect(bytes).toEqual(Buffer.from(datacontenttype ? String(data) : JSON.stringify(data)))
      }),
    )
  })
})
