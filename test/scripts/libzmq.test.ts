import { spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { once } from "node:events"
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import path from "node:path"

import { describe, expect, it, onTestFinished } from "vitest"

import { root } from "../support/process.js"
import { commands, copyProject, find, runScript, temporaryFolder } from "../support/project-copy.js"

/** The programs that are found here are links and shell scripts. */
const posix = process.platform !== "win32"

const libzmq = (folder: string, args: string[], env: NodeJS.ProcessEnv = {}) =>
  runScript(folder, "libzmq.mjs", args, env)

type Pins = Record<"libzmq" | "libsodium", { version: string; url: string; sha256: string; debian: string }>

const pins: Pins = JSON.parse(readFileSync(path.join(root, "scripts/pins.json"), "utf8"))
const sha256 = (bytes: string | Buffer) => createHash("sha256").update(bytes).digest("hex")

/** A copy of the project that has built nothing yet. Its archives are where `change` puts them. */
function copy(change: (copied: Pins) => void = () => {}): string {
  const folder = copyProject("scripts", "CMakeLists.txt", "cmake")
  const changed = structuredClone(pins)
  change(changed)
  writeFileSync(path.join(folder, "scripts/pins.json"), JSON.stringify(changed))
  return folder
}

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

/** A tar archive with some folders, each of which holds a file. */
function archive(...folders: string[]): string {
  const place = temporaryFolder()
  for (const folder of folders) {
    mkdirSync(path.join(place, folder))
    writeFileSync(path.join(place, folder, "README"), folder)
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

describe.runIf(posix)("libzmq.mjs --help", () => {
  it.each(["--help", "-h"])("explains the ways, the options and the variables (%s)", async (option) => {
    const { status, stdout, stderr } = await libzmq(copy(), [option], { PATH: commands() })
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" })
    for (const { version, debian } of Object.values(pins)) {
      expect(stdout).toContain(version)
      expect(stdout).toContain(debian)
    }
    for (const way of ["prebuilt", "finished build", "release archives", "Debian", "pkg-config"]) {
      expect(stdout).toContain(way)
    }
    for (const word of ["--system-libzmq", "--force", "--help", "SHA-256"]) expect(stdout).toContain(word)
    for (const variable of [
      "OHMQ_LIBZMQ_ARCHIVE",
      "OHMQ_LIBSODIUM_ARCHIVE",
      "OHMQ_SYSTEM_LIBZMQ",
      "HTTPS_PROXY",
      "CC",
      "CXX",
    ]) {
      expect(stdout).toContain(variable)
    }
  })

  it("builds nothing", async () => {
    const folder = copy()
    await libzmq(folder, ["--help"], { PATH: commands() })
    expect(existsSync(path.join(folder, "build"))).toBe(false)
  })
})

describe.runIf(posix)("libzmq.mjs with an unknown option", () => {
  it.each([["--sytem-libzmq"], ["--force", "now"], ["--print=everything"]])("names it: %s", async (...args) => {
    const folder = copy()
    const { status, stdout, stderr } = await libzmq(folder, args, { PATH: commands() })
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" })
    expect(stderr.trim()).toBe(`Unknown option '${args.at(-1)}'. Run: npm run libzmq -- --help`)
    expect(existsSync(path.join(folder, "build"))).toBe(false)
  })
})

describe.runIf(posix)("libzmq.mjs without a network, and without Debian's packages", () => {
  it("says in one paragraph what it tried and what helps", async () => {
    const url = await nowhere()
    const folder = copy((changed) => {
      changed.libzmq.url = url
    })
    const { status, stdout, stderr } = await libzmq(folder, [], { PATH: commands() })
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" })
    const paragraph = stderr.trim().split("\n").at(-1) ?? ""
    expect(paragraph).toMatch(/^No source of libzmq was found\. Tried: /)
    expect(paragraph).toContain(`release archives: ${url} cannot be downloaded (ECONNREFUSED)`)
    expect(paragraph).toContain("distribution source packages: ")
    expect(paragraph).toContain(pins.libsodium.url)
    expect(paragraph).toContain("OHMQ_LIBZMQ_ARCHIVE")
    expect(paragraph).toContain("OHMQ_LIBSODIUM_ARCHIVE")
    expect(paragraph).toContain("OHMQ_SYSTEM_LIBZMQ=1")
    expect(paragraph).toMatch(/apt-get install libzmq3-dev pkg-config/)
    expect(stderr).not.toMatch(/^ +at /m)
  })

  it("says of each way why it was passed over", async () => {
    const url = await nowhere()
    const folder = copy((changed) => {
      changed.libzmq.url = url
    })
    const { stderr } = await libzmq(folder, [], { PATH: commands() })
    expect(stderr).toContain("libzmq: build/libzmq: nothing yet\n")
    expect(stderr).toContain(`libzmq: downloading ${url}\n`)
    expect(stderr).toContain(`libzmq: release archives: passed over: ${url} cannot be downloaded (ECONNREFUSED)\n`)
    expect(stderr).toMatch(/^libzmq: distribution source packages: passed over: .+$/m)
  })

  it("tells of an error of the server", async () => {
    const url = await serve()
    const folder = copy((changed) => {
      changed.libzmq.url = url
    })
    const { status, stderr } = await libzmq(folder, [], { PATH: commands() })
    expect(status).toBe(1)
    expect(stderr).toContain(`${url} cannot be downloaded (HTTP 404)`)
  })

  it("tells of a proxy that cannot be used", async () => {
    const folder = copy()
    const env = { PATH: commands(["curl", find("false")]), HTTPS_PROXY: await nowhere() }
    const { status, stderr } = await libzmq(folder, [], env)
    expect(status).toBe(1)
    expect(stderr).toContain(`${pins.libzmq.url} cannot be downloaded (curl could not fetch it)`)
  })
})

describe.runIf(posix)("libzmq.mjs with a download", () => {
  it("does not use it where its SHA-256 is another one", async () => {
    const url = await serve("something else")
    const folder = copy((changed) => {
      changed.libzmq.url = url
    })
    const { status, stderr } = await libzmq(folder, [], { PATH: commands("tar") })
    expect(status).toBe(1)
    expect(stderr).toContain(`${url} has SHA-256 ${sha256("something else")} where ${pins.libzmq.sha256} is pinned`)
    expect(existsSync(path.join(folder, "build/libzmq/source"))).toBe(false)
  })

  it("uses it where its SHA-256 is the pinned one", async () => {
    const bytes = readFileSync(archive("sources"))
    const url = await serve(bytes)
    const folder = copy((changed) => {
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
    const { status, stdout, stderr } = await libzmq(copy(), [], env)
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" })
    expect(stderr.trim().split("\n").at(-1)).toBe(`${variable} names '/nowhere/it.tar.gz', which does not exist.`)
  })

  it("says that one is no archive", async () => {
    const file = textFile("no archive")
    const { status, stderr } = await libzmq(copy(), [], { OHMQ_LIBZMQ_ARCHIVE: file, PATH: commands("tar") })
    expect(status).toBe(1)
    expect(stderr.trim().split("\n").at(-1)).toBe(`'${file}' is not an archive that tar can unpack.`)
  })

  it("says that one holds more than a folder of sources", async () => {
    const file = archive("one", "two")
    const { status, stderr } = await libzmq(copy(), [], { OHMQ_LIBZMQ_ARCHIVE: file, PATH: commands("tar") })
    expect(status).toBe(1)
    expect(stderr.trim().split("\n").at(-1)).toBe(`'${file}' does not hold one folder of sources.`)
  })

  it("names them where they are not the pinned releases, and then the tools that are missing", async () => {
    const file = archive("sources")
    const { status, stderr } = await libzmq(copy(), [], {
      OHMQ_LIBZMQ_ARCHIVE: file,
      OHMQ_LIBSODIUM_ARCHIVE: file,
      PATH: commands("tar"),
    })
    expect(status).toBe(1)
    const other = `from ${file}, not the pinned release (SHA-256 ${sha256(readFileSync(file))})`
    expect(stderr).toContain(`libzmq: release archives: libzmq ${other}; libsodium ${other}\n`)
    const last = stderr.trim().split("\n").at(-1)
    expect(last).toMatch(/^libzmq is built from source here, and that needs cmake, make, c\+\+\. Install /)
    expect(last).toContain("apt-get install cmake make g++")
  })

  it("names the compiler that CXX asks for where it is missing", async () => {
    const file = archive("sources")
    const { stderr } = await libzmq(copy(), [], {
      OHMQ_LIBZMQ_ARCHIVE: file,
      OHMQ_LIBSODIUM_ARCHIVE: file,
      PATH: commands("tar"),
      CXX: "no-such-compiler",
    })
    expect(stderr).toContain("that needs cmake, make, no-such-compiler.")
  })
})

describe.runIf(posix)("libzmq.mjs --system-libzmq", () => {
  const message =
    /^An installed libzmq was asked for, and pkg-config does not find one\. Install it with its headers \(apt-get install libzmq3-dev pkg-config\)/

  it.each([
    ["the option", ["--system-libzmq"], {}],
    ["the variable", [], { OHMQ_SYSTEM_LIBZMQ: "1" }],
    ["the option, to print", ["--system-libzmq", "--print=include"], {}],
  ])("says what to install where pkg-config is missing: %s", async (_, args, env) => {
    const folder = copy()
    const { status, stdout, stderr } = await libzmq(folder, args, { PATH: commands(), ...env })
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" })
    expect(stderr.trim()).toMatch(message)
    expect(existsSync(path.join(folder, "build"))).toBe(false)
  })

  it("says the same where pkg-config does not know libzmq", async () => {
    const { status, stderr } = await libzmq(copy(), ["--system-libzmq"], {
      PATH: commands(["pkg-config", find("false")]),
    })
    expect(status).toBe(1)
    expect(stderr.trim()).toMatch(message)
  })

  it("takes what pkg-config tells", async () => {
    const bin = commands()
    writeFileSync(
      path.join(bin, "pkg-config"),
      `#!/bin/sh
      case "$1" in
        --modversion) echo 4.3.9 ;;
        --cflags-only-I) echo -I/usr/include/one -I/usr/include/two ;;
        --libs) echo -L/usr/lib/one -lzmq ;;
      esac`,
      { mode: 0o755 },
    )
    const folder = copy()
    const plain = await libzmq(folder, ["--system-libzmq"], { PATH: bin })
    expect(plain).toMatchObject({
      status: 0,
      stdout: "",
      stderr: "libzmq: installed libzmq 4.3.9, found by pkg-config\n",
    })
    const include = await libzmq(folder, ["--system-libzmq", "--print=include"], { PATH: bin })
    expect(include).toMatchObject({ status: 0, stdout: "/usr/include/one\n/usr/include/two\n", stderr: "" })
    const libraries = await libzmq(folder, ["--print=libraries"], { PATH: bin, OHMQ_SYSTEM_LIBZMQ: "yes" })
    expect(libraries).toMatchObject({ status: 0, stdout: "-L/usr/lib/one\n-lzmq\n", stderr: "" })
  })
})

describe.runIf(posix && existsSync(path.join(root, "build/libzmq/stamp.json")))(
  "libzmq.mjs where libzmq is built already",
  () => {
    /** A copy with what is looked at in a finished build. */
    const built = () =>
      copyProject(
        ...["scripts", "CMakeLists.txt", "cmake", "build/libzmq/stamp.json"],
        ...["build/libzmq/prefix/include/zmq.h", "build/libzmq/prefix/lib"],
      )
    // The build depends on these two, so they are as they were for it.
    const env = () => ({
      PATH: commands(),
      OHMQ_LIBZMQ_ARCHIVE: process.env.OHMQ_LIBZMQ_ARCHIVE,
      OHMQ_LIBSODIUM_ARCHIVE: process.env.OHMQ_LIBSODIUM_ARCHIVE,
    })

    it("says which version it is, and where from", async () => {
      const { status, stdout, stderr } = await libzmq(built(), [], env())
      expect({ status, stdout }).toEqual({ status: 0, stdout: "" })
      expect(stderr).toMatch(/^libzmq: \d+\.\d+\.\d+ in build\/libzmq \(.+\)\n$/)
    })

    it("--print=include prints the folder of zmq.h, and nothing else", async () => {
      const { status, stdout, stderr } = await libzmq(built(), ["--print=include"], env())
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" })
      expect(stdout).toMatch(/^[^\n]+\n$/)
      expect(path.basename(stdout.trim())).toBe("include")
    })

    it("--print=libraries prints the two libraries, which exist", async () => {
      const folder = built()
      const { status, stdout, stderr } = await libzmq(folder, ["--print=libraries"], env())
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" })
      const files = stdout.trimEnd().split("\n")
      expect(files.map((file) => path.basename(file).replace(/^lib|\.(a|lib)$/g, ""))).toEqual(["zmq", "sodium"])
      for (const file of files) expect(file.startsWith(folder) && existsSync(file), file).toBe(true)
    })

    it("builds it again once what it is made from has changed", async () => {
      const folder = built()
      writeFileSync(path.join(folder, "CMakeLists.txt"), "# changed")
      const { status, stderr } = await libzmq(folder, [], { ...env(), OHMQ_LIBZMQ_ARCHIVE: "/nowhere/it.tar.gz" })
      expect(status).toBe(1)
      expect(stderr).toContain("libzmq: build/libzmq: out of date\n")
    })
  },
)
