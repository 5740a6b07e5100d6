import { describe, expect, it } from "vitest"

import { runCommand } from "../support/process.js"

describe("the benchmark of webhooks", () => {
  it("measures both presets, and that all that was acknowledged was delivered", async () => {
    const { status, stdout, stderr } = await runCommand(
      process.execPath,
      ["toolkit/bench/webhook.mjs", "--rounds", "1", "--seconds", "0.3", "--warmup", "0.1", "--connections", "4"],
      { timeout: 55_000 },
    )
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" })
    const [, medians = ""] = stdout.split("Medians:\n")
    expect(medians).toMatch(
      /^github +[\d,]+\/s +p50 \d+\.\d ms +p99 \d+\.\d ms +CPU [1-9]\d* µs a request +disk [1-9]\d* writes\/s$/m,
    )
    expect(medians).toMatch(/^hmac +[1-9]/m)
  })
})
