// Runs the programs of docs/signed-messages.md as written.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import path from "node:path"

import { EnvelopeError, Signer, Verifier } from "ohmq/security"
import { afterAll, describe, expect, it } from "vitest"

import { root, runCommand } from "../../support/process.js"

const text = readFileSync(path.join(root, "docs/signed-messages.md"), "utf8")
const blocks = (language: string) =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, "gms"))].map(([, source]) => source as string)

describe("docs/signed-messages.md", () => {
  // A user's folder with the package installed.
  const folder = mkdtempSync(path.join(tmpdir(), "ohmq-signed-"))
  mkdirSync(path.join(folder, "node_modules"))
  symlinkSync(root, path.join(folder, "node_modules/ohmq"), "junction")
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const run = (command: string, ...args: string[]) => runCommand(command, args, { cwd: folder })

  it("has a program that prints what its comments say", async () => {
    const [source, ...others] = blocks("js")
    expect(others).toEqual([])
    writeFileSync(path.join(folder, "program.mjs"), source as string)
    const { status, stdout, stderr } = await run(process.execPath, "program.mjs")
    const told = [...(source as string).matchAll(/\/\/ → (.*)/g)].map(([, line]) => `${line}\n`).join("")
    expect(told).not.toBe("")
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: told, stderr: "" })
  })

  it("has commands that generate keys and verify an envelope", async () => {
    const [makeKeys, verify, ...others] = blocks("sh") as [string, string]
    expect(others).toEqual([])
    expect(await run("sh", "-ec", makeKeys)).toMatchObject({ status: 0 })
    const signer = new Signer({ file: path.join(folder, "audit.key") })
    const verifier = new Verifier({ keys: [{ file: path.join(folder, "audit.pub") }], payloadTypes: ["a/größe"] })
    const envelope = signer.sign("a/größe", { text: "größe" })
    await verifier.verify(envelope)

    writeFileSync(path.join(folder, "envelope.json"), envelope)
    expect((await run("sh", "-ec", verify)).stdout).toContain("Signature Verified Successfully")
    const changed = JSON.parse(envelope)
    changed.payload = `AAAA${changed.payload}`
    writeFileSync(path.join(folder, "envelope.json"), JSON.stringify(changed))
    expect((await run("sh", "-ec", verify)).status).not.toBe(0)

    const [fingerprint] = text.match(/openssl pkey -pubin.*sha256sum/) as RegExpMatchArray
    expect((await run("sh", "-c", fingerprint)).stdout.split(" ")[0]).toBe(signer.keyId)
  })

  it("lists every code", () => {
    const source = readFileSync(path.join(root, "lib/security/signing/envelope-error.ts"), "utf8")
    const codes = source.match(/\bERR_ENVELOPE_\w+(?=:)/g) as string[]
    expect(codes.length).toBeGreaterThan(8)
    const documented = [...text.matchAll(/^\| `(ERR_\w+)`/gm)].map(([, code]) => code)
    expect(documented.sort()).toEqual(codes.sort())
    expect(new EnvelopeError("ERR_ENVELOPE_TYPE").message).not.toBe("")
  })
})
