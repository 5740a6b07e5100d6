import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { homedir } from "node:os"
import path from "node:path"

import * as zmq from "ohmq"
import { Certificate, generateKeyPair } from "ohmq/security"
import { describe, expect, it, onTestFinished } from "vitest"
import { folder } from "../security/support.js"
import { ohmq, startShell } from "./support.js"

/** A configuration folder of its own, and a command that uses it. */
function configuration() {
  const config = folder()
  const file = path.join(config, "ohmq/profiles")
  const cwd = folder()
  const run = (args: string[], env: NodeJS.ProcessEnv = {}) =>
    ohmq(args, { cwd, env: { XDG_CONFIG_HOME: config, ...env } })
  const write = (text: string) => {
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 })
    writeFileSync(file, text, { mode: 0o600 })
  }
  return { config, file, cwd, run, write }
}

const modeOf = (name: string) => statSync(name).mode & 0o777

/** A Pull on a free port. */
async function pull(options: zmq.ConstructorOptions<zmq.Pull> = {}) {
  const socket = new zmq.Pull({ linger: 0, ...options })
  onTestFinished(() => socket.close())
  await socket.bind("tcp://127.0.0.1:*")
  const receive = async () => String((await socket.receive({ timeout: 10_000 }))[0])
  return { endpoint: socket.lastEndpoint as string, receive }
}

describe("ohmq profile", () => {
  it("adds, lists, shows, replaces and removes profiles", async () => {
    const { run, file } = configuration()
    const add = ["profile", "add", "prod", "--endpoint", "tcp://a:1", "--endpoint", "@tcp://*:2", "--linger", "5s"]
    const added = await run([...add, "--option", "tcpKeepalive=1"])
    expect(added).toMatchObject({ status: 0, stdout: "", stderr: `saved in ${file}; use it as @prod\n` })
    expect([modeOf(path.dirname(file)), modeOf(file)]).toEqual([0o700, 0o600])
    await run(["profile", "add", "@x", "--bind"])
    expect((await run(["profile", "list"])).stdout).toBe("prod  tcp://a:1 @tcp://*:2\nx\n")
    const shown = "endpoint = tcp://a:1\nendpoint = @tcp://*:2\nlinger = 5s\noption = tcpKeepalive=1\n"
    expect((await run(["profile", "show", "@prod"])).stdout).toBe(shown)
    const prod = { name: "prod", endpoint: ["tcp://a:1", "@tcp://*:2"], linger: "5s", option: ["tcpKeepalive=1"] }
    expect(JSON.parse((await run(["profile", "show", "prod", "--output", "json"])).stdout)).toEqual(prod)
    const lines = (await run(["profile", "list", "--output", "json"])).stdout.trim().split("\n")
    expect(lines.map((line) => JSON.parse(line))).toEqual([prod, { name: "x", bind: true }])
    expect(await run(add)).toMatchObject({ status: 1, stderr: expect.stringContaining("--replace") })
    expect((await run([...add, "--replace"])).status).toBe(0)
    expect((await run(["profile", "show", "prod"])).stdout).not.toContain("tcpKeepalive")
    expect((await run(["profile", "remove", "prod"])).status).toBe(0)
    expect((await run(["profile", "list"])).stdout).toBe("x\n")
    expect(readdirSync(path.dirname(file))).toEqual(["profiles"])
  })

  it("keeps paths as absolute ones, and warns if there is no such file yet", async () => {
    const { run, cwd } = configuration()
    const key = generateKeyPair().publicKey
    const { stderr } = await run([
      ..."profile add p --cert ./a.key_secret --passwords u --clients c --plain u:file:pw --endpoint ipc://s".split(
        " ",
      ),
      ...["--endpoint", "@ipc:///tmp/s", "--endpoint", "ipc://@abstract"],
    ])
    expect(stderr).toContain(`--cert: there is no ${path.join(cwd, "a.key_secret")} yet`)
    await run(["profile", "add", "q", "--server-cert", key, "--clients", "any"])
    await run(["profile", "add", "r", "--server-cert", "b.key", "--plain", "u:env:PW"])
    const show = async (name: string) => JSON.parse((await run(["profile", "show", name, "--output", "json"])).stdout)
    expect(await show("p")).toEqual({
      name: "p",
      cert: path.join(cwd, "a.key_secret"),
      passwords: path.join(cwd, "u"),
      clients: path.join(cwd, "c"),
      plain: `u:file:${path.join(cwd, "pw")}`,
      endpoint: [`ipc://${path.join(cwd, "s")}`, "@ipc:///tmp/s", "ipc://@abstract"],
    })
    expect(await show("q")).toEqual({ name: "q", "server-cert": key, clients: "any" })
    expect(await show("r")).toEqual({ name: "r", "server-cert": path.join(cwd, "b.key"), plain: "u:env:PW" })
  })

  it.each([
    [["--plain", "alice:secret"], "USER:env:NAME"],
    [["--option", "plainPassword=secret"], "no secrets"],
    [["--option", `curveSecretKey=${"0".repeat(40)}`], "no secrets"],
    [["--endpoint", "localhost:1"], 'Did you mean "tcp://localhost:1"?'],
    [["--linger", "x"], "--linger: Expected a duration"],
    [["--endpiont", "tcp://a:1"], 'Did you mean "--endpoint"?'],
    [[], "Expected at least one option"],
  ])("saves nothing for %j", async (options, problem) => {
    const { run, file } = configuration()
    const { status, stderr } = await run(["profile", "add", "p", ...options])
    expect([status, stderr]).toEqual([2, expect.stringContaining(problem)])
    expect(existsSync(file)).toBe(false)
  })

  it.each(["a b", "tcp://a:1", "", "ä", "@@a"])("does not take %j for a name", async (name) => {
    const { run } = configuration()
    expect(await run(["profile", "add", name, "--bind"])).toMatchObject({ status: 2 })
  })

  it("keeps what others wrote into the file: comments, and what a link points to", async () => {
    const { run, file, write, cwd } = configuration()
    write("")
    const real = path.join(cwd, "dotfiles")
    writeFileSync(real, "# ours\n\n[a]\nbind\n\n[b]\n# theirs\nendpoint = tcp://b:1\n", { mode: 0o600 })
    rmSync(file)
    symlinkSync(real, file)
    await run(["profile", "add", "c", "--endpoint", "tcp://c:1"])
    await run(["profile", "remove", "a"])
    expect(readFileSync(real, "utf8")).toBe(
      "# ours\n\n[b]\n# theirs\nendpoint = tcp://b:1\n\n[c]\nendpoint = tcp://c:1\n",
    )
    expect(existsSync(file)).toBe(true)
  })

  it("loses no profile when many commands add one at the same time", async () => {
    const { run, config } = configuration()
    const names = Array.from({ length: 8 }, (_, index) => `p${index}`)
    const lines = names.map((name) => `ohmq profile add ${name} --bind &`).join("\n")
    const shell = startShell(`${lines}\nwait`, { env: { XDG_CONFIG_HOME: config } })
    expect((await shell.ended).stderr).not.toContain("error")
    expect((await run(["profile", "list"])).stdout.trim().split("\n").sort()).toEqual(names)
  })

  it("says what to do about the rest of a command that was killed", async () => {
    const { run, file, write } = configuration()
    write("")
    writeFileSync(`${file}.new`, "")
    const { status, stderr } = await run(["profile", "add", "a", "--bind"])
    expect([status, stderr]).toEqual([1, expect.stringContaining(`remove ${file}.new`)])
  })

  it("uses ~/.config without XDG_CONFIG_HOME, and if that is no absolute path", async () => {
    const { run, cwd } = configuration()
    for (const XDG_CONFIG_HOME of ["", "relative"]) {
      const { stderr } = await run(["profile", "show", "nope"], { HOME: cwd, XDG_CONFIG_HOME })
      expect(stderr).toContain(path.join(cwd, ".config/ohmq/profiles"))
    }
    expect(homedir()).not.toBe(cwd)
  })
})

describe("a profile that cannot be used", () => {
  it("has a name that is unknown: the error suggests one, or how to add it", async () => {
    const { run, write } = configuration()
    write("[production]\nendpoint = tcp://a:1\n")
    for (const args of [
      ["push", "@producton", "x"],
      ["push", "--profile", "producton", "x"],
    ]) {
      expect(await run(args)).toMatchObject({
        status: 2,
        stderr: expect.stringContaining('Did you mean "production"?'),
      })
    }
    const { stderr } = await run(["push", "x"], { OHMQ_PROFILE: "other" })
    expect(stderr).toContain("ohmq profile add other --endpoint")
  })

  it.each([
    ["endpoint = tcp://a:1\n", 1, "expected [NAME] before"],
    ["[p]\nendpiont = tcp://a:1\n", 2, 'Did you mean "endpoint"?'],
    ["[p]\n\nendpoint = tcp//a\n", 3, "Expected an endpoint"],
    ["[p]\nendpoint\n", 2, "expected endpoint = ENDPOINT"],
    ["[p]\nbind = yes\n", 2, "bind takes no value"],
    ["[p]\nlinger = soon\n", 2, "Expected a duration"],
    ["[p]\nlinger = 1s\nlinger = 2s\n", 3, "twice"],
    ["# x\n[p q]\n", 2, "expected [NAME]"],
    ["[p]\nbind\n[p]\n", 3, "already"],
    ["[p]\n{}\n", 2, "OPTION = VALUE"],
  ])("is in the file %j: the error names line %i", async (text, line, problem) => {
    const { run, write, file } = configuration()
    write(text)
    const { status, stderr } = await run(["push", "@p", "x"])
    expect([status, stderr]).toEqual([1, expect.stringContaining(`${file}, line ${line}: `)])
    expect(stderr).toContain(problem)
  })

  it("is in a file or folder that others can change", async () => {
    const { run, write, file } = configuration()
    write("[p]\nendpoint = tcp://a:1\n")
    for (const [name, mode] of [
      [file, 0o620],
      [file, 0o602],
      [path.dirname(file), 0o770],
    ] as const) {
      const before = modeOf(name)
      chmodSync(name, mode)
      for (const args of [
        ["push", "@p", "x"],
        ["profile", "show", "p"],
        ["profile", "add", "q", "--bind"],
      ]) {
        expect(await run(args)).toMatchObject({ status: 4, stderr: expect.stringContaining(`chmod go-w ${name}`) })
      }
      chmodSync(name, before)
    }
    expect((await run(["profile", "show", "p"])).status).toBe(0)
  })
})

describe("a verb with a profile", () => {
  it("takes the endpoint from @NAME, --profile or OHMQ_PROFILE", async () => {
    const { run } = configuration()
    const { endpoint, receive } = await pull()
    await run(["profile", "add", "p", "--endpoint", endpoint])
    for (const [args, env] of [
      [["push", "@p", "one"], {}],
      [["push", "--profile", "p", "two"], {}],
      [["push", "three"], { OHMQ_PROFILE: "p" }],
      [["push", "@p", "four"], { OHMQ_PROFILE: "other" }],
    ] as const) {
      expect(await run([...args], env)).toMatchObject({ status: 0, stderr: "" })
      expect(await receive()).toBe(args.at(-1))
    }
  })

  it("prefers the endpoint and the options of the command line", async () => {
    const { run } = configuration()
    const [other, wanted] = [await pull(), await pull()]
    await run(["profile", "add", "p", "--endpoint", other.endpoint, "--linger", "0s", "--bind"])
    expect((await run(["push", "@p", `>${wanted.endpoint}`, "one", "--linger", "10s"])).status).toBe(0)
    expect(await wanted.receive()).toBe("one")
  })

  it("takes encryption from the profile, and replaces what does not go with the command line", async () => {
    const { run, cwd } = configuration()
    const [server, client] = [Certificate.generate(), Certificate.generate()]
    await server.save(path.join(cwd, "server.key"))
    await client.save(path.join(cwd, "client.key"))
    const { endpoint, receive } = await pull({ security: { server, clients: "any" } })
    await run([
      ...["profile", "add", "p", "--endpoint", endpoint],
      ...["--cert", "client.key_secret", "--server-cert", "server.key"],
    ])
    expect(await run(["push", "@p", "one"])).toMatchObject({ status: 0, stderr: "" })
    expect(await receive()).toBe("one")
    await run(["profile", "add", "q", "--endpoint", endpoint, "--plain", "alice:env:PW"])
    expect((await run(["push", "@q", "two", "--server-cert", server.publicKey])).status).toBe(0)
    expect(await receive()).toBe("two")
  })
})
