import { readFileSync } from "node:fs"
import { accept, dataBytes, decode, type Event, EventError, encode, eventErrors } from "ohmq-toolkit/events"
import { describe, expect, it } from "vitest"
import { bytesOf, eventOf, type Vector, vectors } from "./vectors.js"

const framesOf = (vector: Vector) => vector.frames.map(bytesOf)

const named = (wanted: (vector: Vector) => boolean) =>
  vectors.filter(wanted).map((vector) => [vector.name, vector] as const)

function errorOf(run: () => unknown): EventError {
  try {
    run()
  } catch (error) {
    if (error instanceof EventError) return error
    throw error
  }
  throw new Error("Nothing was thrown")
}

describe("the vectors of wire.md", () => {
  it.each(named(({ error }) => error === undefined))("accept: %s", (_, vector) => {
    const frames = framesOf(vector)
    const accepted = accept(frames)
    if (vector.event) expect(accepted.event).toEqual(eventOf(vector))
    expect(accepted.claimedSender).toEqual(vector.claimedSender)
    const kept = vector.kept ? vector.kept.map(bytesOf) : frames
    // As text, since comparing long buffers takes seconds.
    expect(accepted.frames.map((frame) => frame.toString("latin1"))).toEqual(
      kept.map((frame) => frame.toString("latin1")),
    )
    if (vector.dataBytes !== undefined) expect(dataBytes(accepted.frames)).toEqual(bytesOf(vector.dataBytes))
    expect(decode(encode(accepted.event))).toEqual(accepted.event)
  })

  it.each(named(({ error }) => error !== undefined))("refuse: %s", (_, vector) => {
    const error = errorOf(() => decode(framesOf(vector)))
    expect([error.code, error.reason]).toEqual([vector.error, error.message])
    expect(error.reason.length).toBeLessThan(250)
  })

  it("have every code that a message can cause", () => {
    const seen = new Set(vectors.map(({ error }) => error))
    expect(Object.keys(eventErrors).filter((code) => !seen.has(code))).toEqual(["reserved-attribute"])
  })
})

describe("docs/wire.md", () => {
  const page = readFileSync(new URL("../../docs/wire.md", import.meta.url), "utf8")

  it("lists the codes of errors with what they mean", () => {
    const rows = [...page.matchAll(/^\| `([a-z0-9-]+)` \| (.+) \|$/gm)].map(([, code, meaning]) => [code, meaning])
    expect(Object.fromEntries(rows)).toEqual(eventErrors)
  })

  it("shows an event that is valid", () => {
    const envelope = /^```json\n([\s\S]+?)```/m.exec(page)?.[1] ?? ""
    expect(decode([Buffer.from("finding.reported"), Buffer.from(envelope)])).toMatchObject({
      data: { level: "error" },
    } as Partial<Event>)
  })
})
