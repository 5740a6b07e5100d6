// The transcripts of documents: each block is run in a shell, and shows what the document says.

import { expect, it } from "vitest"

import { expectTranscripts } from "./transcripts.js"

it("docs/cli.md has ten jobs that show what they show", { timeout: 120_000 }, async () => {
  expect(await expectTranscripts("docs/cli.md")).toBeGreaterThanOrEqual(10)
})

it("docs/tutorial.md has terminals that show what they show", { timeout: 300_000 }, async () => {
  expect(await expectTranscripts("docs/tutorial.md")).toBeGreaterThanOrEqual(8)
})
