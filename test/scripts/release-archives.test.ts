import { spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { once } from "node:events"
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import path from "node:path"

import { describe, expect, it, onTestFinished } from "vitest"
import { bareProject, libzmq, pins, posix } from "../support/bare-project.js"
import { temporaryFolder } from "../support/folders.js"
import { commands, find } from "../support/project-copy.js"

const sha256 = (bytes: string | Buffer) => createHash("sha256").update(bytes).digest("hex")

/** Answers every request with these bytes, or with a status of 404. Returns the URL of an archive on it. */
async function serve(bytes?: string | Buffer): Promise<string> {
  const server = createServer((_, response) => {
    response.statusCode = bytes === undefined ? 404 : 200
    response.end(bytes)
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  onTestFinished(async () => {
    server.close()
    server.closeAllConnections()
    await once(server, "close")
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/libzmq.tar.gz`
}

/** The URL of an archive where nobody listens. */
async function nowhere(): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, "close")
  return `http://127.0.0.1:${port}/libzmq.tar.gz`
}

/** A tar archive with some folders. Each says of which version of libzmq it is, and holds nothing else of it. */
function archive(...folders: string[]): string {
  const place = temporaryFolder()
  for (const folder of folders) {
    for (const inner of ["include", "builds/msvc"]) mkdirSync(path.join(place, folder, inner), { recursive: true })
    writeFileSync(path.join(place, folder, "builds/msvc/version.h"), '#define SODIUM_VERSION_STRING "1.0.9"\n')
    writeFileSync(path.join(place, folder, "README"), folder)
    const parts = ["MAJOR 4", "MINOR 3", "PATCH 9"].map((part) => `#define ZMQ_VERSION_${part}\n`)
    writeFileSync(path.join(place, folder, "include/zmq.h"), parts.join(""))
  }
  const { status } = spawnSync("tar", ["-cf", "sources.tar", ...folders], { cwd: place })
  expect(status).toBe(0)
  return path.join(place, "sources.tar")
}

function textFile(text: string): string {
  const file = path.join(temporaryFolder(), "archive.tar.gz")
  writeFileSync(file, text)
  return file
}

describe.runIf(posix)("libzmq.mjs without a network, and without Debian's packages", () => {
  it("says in one paragraph what it tried and what helps", async () => {
    const url = await nowhere()
    const folder = bareProject((changed) => {
      changed.libzmq.url = url
    })
    const { status, stdout, stderr } = await libzmq(folder, [], { PATH: commands() })
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" })
    const paragraph = stderr.trim().split("\n").at(-1) ?? ""
    expect(paragraph).toMatch(/^Could not get the sources of libzmq\. Tried: /)
    expect(paragraph).toContain(`release archives: could not download ${url} (ECONNREFUSED)`)
    expect(paragraph).toContain("distribution source packages: ")
    expect(paragraph).toContain(pins.libsodium.url)
    expect(paragraph).toContain("OHMQ_LIBZMQ_ARCHIVE")
    expect(paragraph).toContain("OHMQ_LIBSODIUM_ARCHIVE")
    expect(paragraph).toContain("OHMQ_SYSTEM_LIBZMQ=1")
    expect(paragraph).toMatch(/apt-get install libzmq3-dev pkg-config/)
    expect(stderr).not.toMatch(/^ +at /m)
  })

  it("says why it skipped each way", async () => {
    const url = await nowhere()
    const folder = bareProject((changed) => {
      changed.libzmq.url = url
    })
    const { stderr } = await libzmq(folder, [], { PATH: commands() })
    expect(stderr).toContain("libzmq: build/libzmq: no build yet\n")
    expect(stderr).toContain(`libzmq: downloading ${url}\n`)
    expect(stderr).toContain(`libzmq: release archives: skipped: could not download ${url} (ECONNREFUSED)\n`)
    expect(stderr).toMatch(/^libzmq: distribution source packages: skipped: .+$/m)
  })

  it("reports an error of the server", async () => {
    const url = await serve()
    const folder = bareProject((changed) => {
      changed.libzmq.url = url
    })
    const { status, stderr } = await libzmq(folder, [], { PATH: commands() })
    expect(status).toBe(1)
    expect(stderr).toContain(`could not download ${url} (HTTP 404)`)
  })

  it("reports a proxy that cannot be used", async () => {
    const folder = bareProject()
    const env = { PATH: commands(["curl", find("false")]), HTTPS_PROXY: await nowhere() }
    const { status, stderr } = await libzmq(folder, [], env)
    expect(status).toBe(1)
    expect(stderr).toContain(`could not download ${pins.libzmq.url} (curl failed)`)
  })
})

describe.runIf(posix)("libzmq.mjs with a download", () => {
  it("does not use it where its SHA-256 is another one", async () => {
    const url = await serve("something else")
    const folder = bareProject((changed) => {
      changed.libzmq.url = url
    })
    const { status, stderr } = await libzmq(folder, [], { PATH: commands("tar") })
    expect(status).toBe(1)
    expect(stderr).toContain(`${url} has the SHA-256 ${sha256("something else")}, but ${pins.libzmq.sha256} is pinned`)
    expect(existsSync(path.join(folder, "build/libzmq/source"))).toBe(false)
  })

  it("uses it where its SHA-256 is the pinned one", async () => {
    const bytes = readFileSync(archive("sources"))
    const url = await serve(bytes)
    const folder = bareProject((changed) => {
      for (const pin of Object.values(changed)) Object.assign(pin, { url, sha256: sha256(bytes) })
    })
    // Without a compiler it ends there.
    const { stderr } = await libzmq(folder, [], { PATH: commands("tar") })
    const { libzmq: zmq, libsodium } = pins
    expect(stderr).toContain(
      `release archives: libzmq ${zmq.version}, verified; libsodium ${libsodium.version}, verified\n`,
    )
    expect(readFileSync(path.join(folder, "build/libzmq/source/libsodium/sources/README"), "utf8")).toBe("sources")
  })
})

describe.runIf(posix)("libzmq.mjs with archives of the user's", () => {
  it.each(["OHMQ_LIBZMQ_ARCHIVE", "OHMQ_LIBSODIUM_ARCHIVE"])("says that %s names no file", async (variable) => {
    const env = { OHMQ_LIBZMQ_ARCHIVE: archive("sources"), PATH: commands("tar"), [variable]: "/nowhere/it.tar.gz" }
    const { status, stdout, stderr } = await libzmq(bareProject(), [], env)
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" })
    expect(stderr.trim().split("\n").at(-1)).toBe(
      `The file '/nowhere/it.tar.gz', which ${variable} names, does not exist.`,
    )
  })

  it("says if a file is not an archive", async () => {
    const file = textFile("no archive")
    const { status, stderr } = await libzmq(bareProject(), [], { OHMQ_LIBZMQ_ARCHIVE: file, PATH: commands("tar") })
    expect(status).toBe(1)
    expect(stderr.trim().split("\n").at(-1)).toBe(`tar cannot unpack '${file}'.`)
  })

  it("says that one holds more than a folder of sources", async () => {
    const file = archive("one", "two")
    const { status, stderr } = await libzmq(bareProject(), [], { OHMQ_LIBZMQ_ARCHIVE: file, PATH: commands("tar") })
    expect(status).toBe(1)
    expect(stderr.trim().split("\n").at(-1)).toBe(`Expected '${file}' to contain exactly one folder of sources.`)
  })

  it("names them where they are not the pinned releases, and then the tools that are missing", async () => {
    const file = archive("sources")
    const { status, stderr } = await libzmq(bareProject(), ["--allow-unpatched"], {
      OHMQ_LIBZMQ_ARCHIVE: file,
      OHMQ_LIBSODIUM_ARCHIVE: file,
      PATH: commands("tar"),
    })
    expect(status).toBe(1)
    const other = `from ${file}, not the pinned release (SHA-256 ${sha256(readFileSync(file))})`
    expect(stderr).toContain(`libzmq: release archives: libzmq ${other}; libsodium ${other}\n`)
    const last = stderr.trim().split("\n").at(-1)
    expect(last).toMatch(/^Building libzmq from source needs cmake, make, c\+\+\. Install /)
    expect(last).toContain("apt-get install cmake make g++")
  })

  it("stops if patches against crashes and attacks do not fit, and continues if that is allowed", async () => {
    const file = archive("sources")
    const env = { OHMQ_LIBZMQ_ARCHIVE: file, OHMQ_LIBSODIUM_ARCHIVE: file, PATH: commands("tar") }
    const { status, stderr } = await libzmq(bareProject(), [], env)
    expect(status).toBe(1)
    const last = stderr.trim().split("\n").at(-1)
    expect(last).toMatch(/^These patches do not match libzmq 4\.3\.9: 0001-disconnect-message-without-pipe \(/)
    expect(last).toMatch(/ add --allow-unpatched or set OHMQ_ALLOW_UNPATCHED=1\.$/)
    const allowed = await libzmq(bareProject(), [], { ...env, OHMQ_ALLOW_UNPATCHED: "1" })
    expect(allowed.stderr).toContain("libzmq: NOT APPLIED, because they do not match libzmq 4.3.9: 0001-")
    expect(allowed.stderr).toContain("needs cmake, make")
  })

  it("says that an archive holds something else than libzmq", async () => {
    const place = temporaryFolder()
    mkdirSync(path.join(place, "sources"))
    expect(spawnSync("tar", ["-cf", "sources.tar", "sources"], { cwd: place }).status).toBe(0)
    const file = path.join(place, "sources.tar")
    const env = { OHMQ_LIBZMQ_ARCHIVE: file, OHMQ_LIBSODIUM_ARCHIVE: file, PATH: commands("tar") }
    const { status, stderr } = await libzmq(bareProject(), [], env)
    expect(status).toBe(1)
    expect(stderr.trim()).toMatch(
      /libzmq\/sources does not contain the sources of libzmq: include\/zmq\.h is missing\.$/,
    )
  })

  it("names the compiler that CXX asks for where it is missing", async () => {
    const file = archive("sources")
    const { stderr } = await libzmq(bareProject(), ["--allow-unpatched"], {
      OHMQ_LIBZMQ_ARCHIVE: file,
      OHMQ_LIBSODIUM_ARCHIVE: file,
      PATH: commands("tar"),
      CXX: "no-such-compiler",
    })
    expect(stderr).toContain("needs cmake, make, no-such-compiler.")
  })
})
