import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { configWith, startResponder, user } from "./support.js"

const count = 80

/** Text as attackers write it: any characters, and pieces that mean something to some program. */
const hostile = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.string({ unit: "grapheme", maxLength: 40 }),
  fc
    .array(
      fc.oneof(
        fc.constantFrom(
          "-",
          "--",
          "{value}",
          "{other}",
          "$(id)",
          "`id`",
          ";",
          "&&",
          "|",
          "'",
          '"',
          "\\",
          "\n",
          "\0",
          "%s",
          "%",
          "@/etc/passwd",
          "../",
          "*",
          " ",
          "$1",
          "\u202e",
        ),
        fc.string({ maxLength: 5 }),
      ),
      { minLength: 1, maxLength: 8 },
    )
    .map((parts) => parts.join("")),
)

describe("The arguments of a program", () => {
  it("are the values as they came, one each, or nothing is run", async () => {
    const config = configWith(`
actions:
  tell:
    type: exec
    command: [printf, '%s\\n', "{value}", "--x={other}", "{{value}}"]
    parameters: { value: text, other: { type: text, maxLength: 100 } }
    concurrency: 8
    ${user.replace(/, $/, "")}
rules:
  - { name: all, when: "true", do: tell, with: { value: data.value, other: data.other }, limit: { count: 1000, per: 1h } }
`)
    const respond = await startResponder(config)
    const seed = Math.floor(Math.random() * 2 ** 31)
    const samples = fc.sample(fc.tuple(hostile, hostile), { seed, numRuns: count })
    for (const [value, other] of samples) await respond.alert({ value, other })
    const decided = async () =>
      (await respond.entries()).reduce(
        (sum, { type, count: more = 1 }) => sum + (/decided|suppressed/.test(type) ? more : 0),
        0,
      )
    await expect.poll(decided, { timeout: 30_000 }).toBe(count)
    await expect
      .poll(() => respond.responder.list().every(({ status }) => status === "ended"), { timeout: 30_000 })
      .toBe(true)
    const entries = await respond.entries()
    const runs = entries.filter(({ type }) => type === "response.decided")
    expect(runs.length, `seed ${seed}`).toBeGreaterThan(0)
    for (const { id, parameters } of runs) {
      const { value, other } = parameters as { value: string; other: string }
      expect(samples, `seed ${seed}`).toContainEqual([value, other])
      expect(value.startsWith("-"), `seed ${seed}`).toBe(false)
      const finished = entries.find((entry) => entry.type === "response.finished" && entry.id === id)
      const lines = [value, `--x=${other}`, "{value}", ""]
      expect(finished, `seed ${seed}`).toMatchObject({ outcome: "done", output: { text: lines.join("\n") } })
    }
  })
})
