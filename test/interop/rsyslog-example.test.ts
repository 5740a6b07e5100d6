// examples/syslog, with the configuration that its README tells people to copy.

import { type ChildProcess, spawn } from "node:child_process"
import { mkdirSync, readFileSync } from "node:fs"
import path from "node:path"
import { createInterface } from "node:readline"

import { generateKeyPair } from "ohmq/security"
import { describe, expect, it, onTestFinished } from "vitest"

import { folder } from "../security/support.js"
import { root } from "../support/process.js"
import { eventually } from "../support/sockets.js"
import { startRsyslogd } from "./rsyslog/in-test.js"
import { linesOf, records, writeLines } from "./rsyslog/records.mjs"

const example = path.join(root, "examples/syslog")
const page = readFileSync(path.join(example, "README.md"), "utf8")
const [sending, taking] = [...page.matchAll(/^```rsyslog\n(.*?)^```$/gms)].map(([, text]) => text as string)

/** Replaces all of a text's words, which must be there. */
function adapt(text: string | undefined, words: Record<string, string>): string {
  let adapted = text ?? ""
  for (const [word, other] of Object.entries(words)) {
    expect(adapted).toContain(word)
    adapted = adapted.replaceAll(word, other)
  }
  return adapted
}

/** Starts a program of the example, which is ended after the test. */
function start(program: string, args: string[]) {
  const child = spawn(process.execPath, [path.join(example, program), ...args], { cwd: root })
  const exited = new Promise<number | null>((resolve) => {
    child.on("close", (code) => resolve(code))
  })
  onTestFinished(async () => {
    child.kill("SIGKILL")
    await exited
  })
  const lines = (stream: ChildProcess["stdout"]) => {
    const list: string[] = []
    createInterface({ input: stream as NodeJS.ReadableStream }).on("line", (line) => list.push(line))
    return list
  }
  return { child, exited, out: lines(child.stdout), err: lines(child.stderr) }
}

async function certificates(server: string, client: string) {
  const here = folder()
  const keys = path.join(here, "keys")
  const clients = path.join(keys, "clients")
  for (const name of [keys, clients]) mkdirSync(name, 0o755)
  await generateKeyPair({ name: server }).save(path.join(keys, `${server}.key`))
  const known = generateKeyPair({ name: client })
  await known.save(path.join(keys, `${client}.key`))
  await known.savePublic(path.join(clients, `${client}.key`))
  return { here, keys }
}

/** Starts a collector that listens. */
async function collect(address: string, keys: string) {
  const collector = start("collector.mjs", [address, `${keys}/collector.key_secret`, `${keys}/clients`])
  const endpoint = await eventually(() => {
    const [, found] = /^listening on (.*)$/.exec(collector.err[0] ?? "") ?? []
    return found ?? Promise.reject(new Error("The collector does not listen yet"))
  })
  return { collector, endpoint }
}

/** The records of the test, by number: rsyslog's queue changes their order, and has what it writes of itself among them. */
const collected = (lines: string[]) =>
  lines
    .map((line): { app: string; id: string } => JSON.parse(line))
    .filter(({ app }) => app === "web")
    .sort((one, other) => Number(one.id.slice(2)) - Number(other.id.slice(2)))

describe("examples/syslog", () => {
  it("collects what rsyslog sends, and names the machine", async () => {
    const { here, keys } = await certificates("collector", "web-1")
    const { collector, endpoint } = await collect("tcp://127.0.0.1:*", keys)
    const socket = path.join(here, "in.sock")
    const daemon = await startRsyslogd(
      here,
      `module(load="imptcp")
      input(type="imptcp" path="${socket}")
      ${adapt(sending, { "/etc/rsyslog-keys": keys, "tcp://collector.example.com:5140": endpoint })}`,
    )
    const lines = records(50, "web")
    await writeLines(socket, lines)
    await eventually(() => expect(collected(collector.out)).toHaveLength(lines.length))
    expect(collected(collector.out)).toEqual(
      lines.map((_, index) => ({
        from: "web-1",
        severity: "notice",
        facility: 20,
        time: "2026-01-02T03:04:05.678Z",
        host: "host.example",
        app: "web",
        process: "7",
        id: `ID${index}`,
        data: { "a@32473": { b: "ü" } },
        message: `Grüße, 日本 🦊 ${index}`,
      })),
    )
    expect(daemon.complaints()).toBe("")
    collector.child.kill("SIGTERM")
    expect(await collector.exited).toBe(0)
    expect(collector.err).toHaveLength(1)
  })

  it("loses no record that is written while the collector is away", async () => {
    const { here, keys } = await certificates("collector", "web-1")
    const address = `ipc://${path.join(here, "collector")}`
    const socket = path.join(here, "in.sock")
    await startRsyslogd(
      here,
      `module(load="imptcp")
      input(type="imptcp" path="${socket}")
      ${adapt(sending, { "/etc/rsyslog-keys": keys, "tcp://collector.example.com:5140": address })}`,
    )
    // More than libzmq holds.
    const lines = records(3000, "web")
    await writeLines(socket, lines)
    const { collector } = await collect(address, keys)
    await eventually(() => expect(collected(collector.out)).toHaveLength(lines.length))
    expect(collected(collector.out).map(({ id }) => id)).toEqual(lines.map((_, index) => `ID${index}`))
  })

  it("has rsyslog write what a program sends", async () => {
    const { here, keys } = await certificates("rsyslog", "program")
    const file = path.join(here, "programs.log")
    const daemon = await startRsyslogd(
      here,
      adapt(taking, {
        "/etc/rsyslog-keys": keys,
        "/var/log/programs.log": file,
        "tcp://0.0.0.0:5141": "tcp://127.0.0.1:*",
      }),
    )
    const endpoint = await daemon.endpoint()
    const sender = start("send.mjs", [endpoint, `${keys}/program.key_secret`, `${keys}/rsyslog.key`])
    const messages = ["first", "zweite Zeile, größer", "三"]
    sender.child.stdin?.end(messages.map((message) => `${message}\n`).join(""))
    expect(await sender.exited).toBe(0)
    const lines = await linesOf(file, messages.length)
    expect(lines.map((line) => line.replace(/^<14>1 \S+Z \S+ send\.mjs \d+ - - +\ufeff?/, ""))).toEqual(messages)
    expect([sender.out, sender.err]).toEqual([[], []])
  })
})
