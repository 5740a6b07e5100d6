import { existsSync, writeFileSync } from "node:fs"
import path from "node:path"

import { describe, expect, it } from "vitest"

import { bareProject, libzmq, posix } from "../support/bare-project.js"
import { root } from "../support/process.js"
import { commands, copyProject, find } from "../support/project-copy.js"

describe.runIf(posix)("libzmq.mjs --help", () => {
  it.each(["--help", "-h"])("prints its help, and builds nothing (%s)", async (option) => {
    const folder = bareProject()
    const { status, stdout, stderr } = await libzmq(folder, [option], { PATH: commands() })
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" })
    expect(stdout).not.toBe("")
    expect(existsSync(path.join(folder, "build"))).toBe(false)
  })
})

describe.runIf(posix)("libzmq.mjs with an unknown option", () => {
  it.each([["--sytem-libzmq"], ["--force", "now"], ["--print=everything"]])("names it: %s", async (...args) => {
    const folder = bareProject()
    const { status, stdout, stderr } = await libzmq(folder, args, { PATH: commands() })
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" })
    expect(stderr.trim()).toBe(`Unknown option '${args.at(-1)}'. Run: npm run libzmq -- --help`)
    expect(existsSync(path.join(folder, "build"))).toBe(false)
  })
})

describe.runIf(posix)("libzmq.mjs --system-libzmq", () => {
  const message =
    /^pkg-config does not find an installed libzmq\. Install it with its headers \(apt-get install libzmq3-dev pkg-config\)/

  it.each([
    ["the option", ["--system-libzmq"], {}],
    ["the variable", [], { OHMQ_SYSTEM_LIBZMQ: "1" }],
    ["the option, to print", ["--system-libzmq", "--print=include"], {}],
  ])("says what to install where pkg-config is missing: %s", async (_, args, env) => {
    const folder = bareProject()
    const { status, stdout, stderr } = await libzmq(folder, args, { PATH: commands(), ...env })
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" })
    expect(stderr.trim()).toMatch(message)
    expect(existsSync(path.join(folder, "build"))).toBe(false)
  })

  it("says the same where pkg-config does not know libzmq", async () => {
    const { status, stderr } = await libzmq(bareProject(), ["--system-libzmq"], {
      PATH: commands(["pkg-config", find("false")]),
    })
    expect(status).toBe(1)
    expect(stderr.trim()).toMatch(message)
  })

  it("uses the flags of pkg-config", async () => {
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
    const folder = bareProject()
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
        ...["scripts", "CMakeLists.txt", "cmake", "native/patches", "build/libzmq/stamp.json"],
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
      // gyp splits it where there are spaces.
      expect(stdout).toBe("build/libzmq/prefix/include\n")
    })

    it("--print=libraries prints the two libraries, as make finds them from build/", async () => {
      const folder = built()
      const { status, stdout, stderr } = await libzmq(folder, ["--print=libraries"], env())
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" })
      const files = stdout.trimEnd().split("\n")
      expect(files.map((file) => path.basename(file).replace(/^lib|\.(a|lib)$/g, ""))).toEqual(["zmq", "sodium"])
      for (const file of files) expect(existsSync(path.resolve(folder, "build", file)), file).toBe(true)
      // The linker gets a path with spaces in pieces.
      expect(stdout).not.toContain(folder)
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
