import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import path from "node:path"

import * as zmq from "ohmq"
import { describe, expect, it, vi } from "vitest"

import { temporaryFolder } from "../support/folders.js"
import { root } from "../support/process.js"

interface Patch {
  name: string
  subject: string
  kind: string
  upstream: string
  versions: string
  test: string
}

const { applyPatches, coversVersion, kinds, parsePatch, patchFolder, patchLibzmq, readPatches } = await import(
  path.join(root, "scripts/lib/patches.mjs")
)
const patches: Patch[] = readPatches()

const text = (kind: string, versions = "all") => `Subject: Make b of a
Why: Because
 of this.
Kind: ${kind}
Upstream: not yet
Versions: ${versions}
Test: test/a.test.ts, "b"

--- a/file
+++ b/file
@@ -1 +1 @@
-a
+b
`

/** Sources in which `file` has this content. */
function sources(content: string): string {
  const folder = temporaryFolder()
  mkdirSync(path.join(folder, "include"))
  writeFileSync(path.join(folder, "file"), content)
  return folder
}

/** Calls a function, and gives what it said, too. */
function listen<T>(call: () => T): { result: T; said: string } {
  const write = vi.spyOn(process.stderr, "write").mockReturnValue(true)
  try {
    const result = call()
    return { result, said: write.mock.calls.join("") }
  } finally {
    write.mockRestore()
  }
}

describe("the patches of libzmq", () => {
  it.each(patches)("$name has a header that is true, and a test", ({ kind, upstream, test }) => {
    expect(kinds).toContain(kind)
    expect(upstream).toMatch(/^(not yet|https:\/\/github\.com\/zeromq\/libzmq\/(commit|pull|issues)\/\w+)$/)
    const [, file, name] = /^(test\/\S+), "(.+)"$/.exec(test) ?? []
    expect(readFileSync(path.join(root, file as string), "utf8")).toContain(name)
  })

  it("are ASCII, and numbered in their order", () => {
    for (const file of readdirSync(patchFolder)) {
      expect(file).toMatch(/^\d{4}-[a-z0-9.-]+\.patch$/)
      expect(readFileSync(path.join(patchFolder, file), "latin1")).toMatch(/^[\n\x20-\x7e]+$/)
    }
  })

  it("are all in the libzmq that was compiled, and capability.patches names them", () => {
    const wanted = patches.filter(({ versions }) => coversVersion(versions, zmq.version)).map(({ name }) => name)
    expect(zmq.capability.patches).toEqual(wanted)
    expect(Object.keys(zmq.capability)).not.toContain("patches")
    const { archives } = JSON.parse(readFileSync(path.join(root, "build/libzmq/stamp.json"), "utf8"))
    expect(archives.libzmq.missed).toEqual([])
  })
})

describe("applyPatches", () => {
  const patch = parsePatch("0001-x", text("crash"))

  it("applies what fits, and reports what was there already and what does not fit", () => {
    const folder = sources("a\n")
    expect(applyPatches(folder, "4.3.5", [patch])).toEqual({ applied: [patch], present: [], missed: [] })
    expect(readFileSync(path.join(folder, "file"), "utf8")).toBe("b\n")
    expect(applyPatches(folder, "4.3.5", [patch])).toEqual({ applied: [], present: [patch], missed: [] })
    expect(applyPatches(sources("c\n"), "4.3.5", [patch])).toEqual({ applied: [], present: [], missed: [patch] })
  })

  it("leaves out what is for other versions", () => {
    const folder = sources("c\n")
    const other = parsePatch("0002-x", text("crash", ">=4.3.5 <4.3.6"))
    expect(applyPatches(folder, "4.3.6", [other])).toEqual({ applied: [], present: [], missed: [] })
    expect(applyPatches(folder, "4.3.5", [other]).missed).toEqual([other])
  })
})

describe("coversVersion", () => {
  it.each([
    ["all", "4.3.4", true],
    ["<4.3.6", "4.3.5", true],
    ["<4.3.6", "4.3.6", false],
    ["<4.3.10", "4.3.9", true],
    [">=4.3.5", "4.3.4", false],
    [">=4.3.5", "4.3.5", true],
    [">=4.3.5 <4.3.6", "4.3.5", true],
    [">=4.3.5 <4.3.6", "5.0.0", false],
  ])("%s has %s: %s", (versions, version, covered) => {
    expect(coversVersion(versions, version)).toBe(covered)
  })

  it.each(["4.3.5", "<=4.3.5", "", ">=4.3.5, <5.0.0"])("refuses %j", (versions) => {
    expect(() => coversVersion(versions, "4.3.5")).toThrow("is neither")
  })
})

describe("parsePatch", () => {
  it("reads the header, with lines that continue the one before", () => {
    expect(parsePatch("0001-x", text("crash"))).toMatchObject({
      ...{ name: "0001-x", subject: "Make b of a", why: "Because of this.", kind: "crash" },
      ...{ upstream: "not yet", versions: "all", test: 'test/a.test.ts, "b"' },
    })
  })

  it.each([
    ["no diff", "Subject: x\n", "0001-x.patch: it has no diff"],
    ["a field that is missing", text("crash").replace(/^Test.*\n/m, ""), "0001-x.patch: its header lacks Test"],
    [
      "a field that there is not",
      text("crash").replace("Test:", "Tests:"),
      "its header has an unknown or repeated line",
    ],
    [
      "a field twice",
      text("crash").replace("Kind:", "Kind: leak\nKind:"),
      "its header has an unknown or repeated line",
    ],
    ["a kind that there is not", text("bug"), "its Kind is not one of security, crash, leak, event, speed"],
    ["versions that cannot be read", text("crash", "some"), '"some" is neither "all"'],
    ["a diff that is none", `${text("crash")}more\n`, "is not part of a diff"],
  ])("refuses %s", (_, source, message) => {
    expect(() => parsePatch("0001-x", source)).toThrow(message)
  })
})

describe("patchLibzmq", () => {
  const patch = (kind: string, folder: string, options = {}) =>
    listen(() => patchLibzmq(folder, "4.3.5", { patches: [parsePatch("0001-x", text(kind))], ...options }))
  const told = (kind: string) => [{ name: "0001-x", kind, subject: "Make b of a", upstream: "not yet" }]

  it("says what it applied, and gives the addon the names", () => {
    const folder = sources("a\n")
    const { result, said } = patch("crash", folder)
    expect(said).toBe("libzmq: patches of native/patches/libzmq/ applied: 1\n")
    expect(result).toEqual({ applied: told("crash"), present: [], missed: [] })
    expect(readFileSync(path.join(folder, "include/ohmq_patches.h"), "utf8")).toContain(
      '#define OHMQ_PATCHES "0001-x"\n',
    )
  })

  it("says what is in it already, and names that, too", () => {
    const folder = sources("b\n")
    const { result, said } = patch("crash", folder)
    expect(said).toBe("libzmq: patches of native/patches/libzmq/ applied: 0; already in the sources: 1\n")
    expect(result).toEqual({ applied: [], present: told("crash"), missed: [] })
    expect(readFileSync(path.join(folder, "include/ohmq_patches.h"), "utf8")).toContain(
      '#define OHMQ_PATCHES "0001-x"\n',
    )
  })

  it.each(["security", "crash"])("stops without a patch of kind %s, and says how to continue", (kind) => {
    expect(() => patch(kind, sources("c\n"))).toThrow(
      /^These patches do not match libzmq 4\.3\.5: 0001-x \(Make b of a\)\. .* add --allow-unpatched or set OHMQ_ALLOW_UNPATCHED=1\.$/,
    )
    const { result, said } = patch(kind, sources("c\n"), { allowUnpatched: true })
    expect(said).toContain("NOT APPLIED, because they do not match libzmq 4.3.5: 0001-x (Make b of a)\n")
    expect(result.missed).toEqual(told(kind))
  })

  it.each(["leak", "event", "speed"])(
    "continues without one of kind %s, says so once, and does not name it",
    (kind) => {
      const folder = sources("c\n")
      const { said } = patch(kind, folder)
      expect(said.split("\n").filter((line) => line.includes("0001-x"))).toHaveLength(1)
      expect(readFileSync(path.join(folder, "include/ohmq_patches.h"), "utf8")).toContain('#define OHMQ_PATCHES ""\n')
    },
  )

  it.each<string>(kinds)("does without none in a release, of kind %s", (kind) => {
    expect(() => patch(kind, sources("c\n"), { release: true, allowUnpatched: true })).toThrow(
      "These patches do not match",
    )
  })
})

describe("docs/upstream.md", () => {
  const text = readFileSync(path.join(root, "docs/upstream.md"), "utf8")

  it.each(patches)("has a row for $name, and a text or where it is in libzmq", ({ name, subject, kind, upstream }) => {
    const state = upstream === "not yet" ? "not yet" : `[in libzmq](${upstream})`
    expect(text).toContain(`| [\`${name}\`](../native/patches/libzmq/${name}.patch): ${subject} | ${kind} | ${state} |`)
    const [, section] = text.split(new RegExp(`^### .*${name}.*\n`, "m"))
    if (upstream !== "not yet") expect(text).toContain(`\n- \`${name}\` is in `)
    else
      for (const part of ["Problem: ", "\nSolution: ", "\nTest: "]) expect(section?.split("\n### ")[0]).toContain(part)
    const security = text.slice(text.indexOf("## Security"), text.indexOf("## Crashes"))
    if (upstream === "not yet") expect(security.includes(`### ${name}`) || /^0017/.test(name)).toBe(kind === "security")
  })
})
