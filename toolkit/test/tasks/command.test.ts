import { existsSync, readdirSync, readFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import type { CommandResult } from "ohmq-toolkit/tasks"
import { describe, expect, it } from "vitest"
import { commandOf, failure, queued, temporaryFolder, until } from "./support.js"

const node = (program: string, ...args: string[]) => [process.execPath, "-e", program, ...args]

/** Runs one task, and resolves to it. */
async function ran(command: string[], input: unknown, options: Parameters<typeof commandOf>[2] = {}, timeout = 0) {
  const { client, connect } = await queued()
  commandOf(connect, command, options)
  await client.submit([{ id: "t", input, attempts: 1, timeout }])
  await client.wait()
  const task = await client.show("t")
  return { ...task, result: task.result as CommandResult }
}

const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

describe("a command worker", () => {
  it("passes the input as one argument, without a shell", async () => {
    const input = "a b; $(touch x) \"'\n*"
    const { state, result } = await ran(node("process.stdout.write(process.argv[1])", "{}"), input)
    expect(state).toBe("finished")
    expect(result).toMatchObject({ exitCode: 0, output: input })
  })

  it("passes fields of an input that is an object, and the id", async () => {
    const args = ["--", "{host}:{port}", "{id}", "{ports}", "{other-thing"]
    const { result } = await ran(node("console.log(JSON.stringify(process.argv.slice(1)))", ...args), {
      host: "h",
      port: 80,
      ports: [1, 2],
    })
    expect(JSON.parse(result.output ?? "")).toEqual(["h:80", "t", "[1,2]", "{other-thing"])
    const missing = await ran(["echo", "{name}"], "text")
    expect(missing.reason).toBe('The command has {name}, but the input is not an object with "name"')
  })

  it("passes the id of the task and its folder, whatever fields the input has", async () => {
    const args = ["{id}", "{dir}", "{host}"]
    const input = { id: "forged", dir: "/forged", host: "h" }
    const { result } = await ran(node("console.log(JSON.stringify(process.argv.slice(1)))", ...args), input)
    expect(JSON.parse(result.output ?? "")).toEqual(["t", expect.stringMatching(/^\/.*\/ohmq-/), "h"])
  })

  it("does not let an input become an option, unless it is allowed", async () => {
    const refused = await ran(["echo", "{}"], "-n")
    expect(refused).toMatchObject({ state: "failed", attempt: 1 })
    expect(refused.reason).toContain('The input begins with "-", and echo could take it for an option')
    expect((await ran(["echo", "{}"], "-n", { allowOptions: true })).state).toBe("finished")
    expect((await ran(["printf", "%s", "--", "{}"], "-n")).state).toBe("finished")
    expect((await ran(["echo", "url={}"], "-n")).result.output).toBe("url=-n\n")
  })

  it("keeps the exit code and the last line of standard error of what fails", async () => {
    const program = "console.log('some'); console.error('first\\nlast'); process.exitCode = 3"
    const failed = await ran(node(program, "{}"), "x")
    expect(failed).toMatchObject({ state: "failed", reason: `${process.execPath} ended with exit code 3: last` })
    expect(failed.result).toMatchObject({ exitCode: 3, output: "some\n", stderr: "first\nlast\n" })
    const accepted = await ran(node(program, "{}"), "x", { okCodes: [0, 3] })
    expect(accepted).toMatchObject({ state: "finished", result: { exitCode: 3 } })
  })

  it("bounds the output, and lets the command go on", async () => {
    const program = "process.stdout.write('x'.repeat(1e6), () => process.stdout.write('end'))"
    const { result } = await ran(node(program, "{}"), "x", { maxOutput: 1000 })
    expect(result).toMatchObject({ exitCode: 0, output: "x".repeat(1000), truncated: true })
  })

  it("ends a command that takes too long, with its children, gently at first", async () => {
    const child = `process.on("SIGTERM", () => 0); setInterval(() => 0, 1000); console.log("ready")`
    const program = `
      const { spawn } = require("node:child_process")
      const child = spawn(process.execPath, ["-e", ${JSON.stringify(child)}], { stdio: ["ignore", "pipe", "inherit"] })
      process.on("SIGTERM", () => require("node:fs").writeFileSync(process.argv[1], String(child.pid)))
      child.stdout.resume()
      setInterval(() => 0, 1000)`
    const file = join(temporaryFolder(), "pid")
    const { reason, result } = await ran(node(program, "{}"), file, { grace: 500 }, 1500)
    expect({ reason, result }).toEqual({ reason: "It took longer than 1500 ms", result: undefined })
    const pid = Number(readFileSync(file, "utf8"))
    expect(pid).toBeGreaterThan(1)
    await until(() => !isAlive(pid))
  })

  it("ends what a command leaves behind", async () => {
    const program = `
      const { spawn } = require("node:child_process")
      const child = spawn(process.execPath, ["-e", "setInterval(() => 0, 1000)"], { stdio: "ignore" })
      console.log(child.pid)
      child.unref()`
    const { result } = await ran(node(program, "{}"), "x")
    const pid = Number(result.output)
    expect(pid).toBeGreaterThan(1)
    await until(() => !isAlive(pid))
  })

  it("takes a SARIF log from standard output, or from a file", async () => {
    const log = { version: "2.1.0", runs: [{ tool: { driver: { name: "t" } }, results: [] }] }
    const printed = await ran(node("console.log(process.argv[1])", "{}"), JSON.stringify(log))
    expect(printed.result.sarif).toEqual(log)
    expect(printed.result.output).toBeUndefined()
    const write = "require('node:fs').writeFileSync(process.argv[2], process.argv[1]); console.log('log')"
    const written = await ran(node(write, "{}", "{dir}/out.sarif"), JSON.stringify(log), { sarif: "{dir}/out.sarif" })
    expect(written.result).toMatchObject({ sarif: log, output: "log\n" })
    const none = await ran(node("", "{}"), "x", { sarif: "{dir}/out.sarif" })
    expect(none.reason).toContain("The command has left no SARIF log that can be read: ENOENT")
    const text = await ran(node(write, "{}", "{dir}/out.sarif"), "text", { sarif: "{dir}/out.sarif" })
    expect(text.reason).toContain("is not a SARIF log")
  })

  it("says that a command cannot be started", async () => {
    const { reason } = await ran(["/no/such/scanner", "{}"], "x")
    expect(reason).toBe("Cannot start /no/such/scanner: ENOENT. Is it installed on this worker, and may it be run?")
    expect((await ran(["echo", "{}"], "a\0b")).reason).toBe("The input has a zero byte, which no argument can have")
  })

  it("passes the input on standard input, and what it knows in the environment", async () => {
    const program = "process.stdin.on('data', (text) => console.log(String(text), process.env.OHMQ_TASK_ID))"
    const { result } = await ran(node(program), "in", { stdin: true })
    expect(result.output).toBe("in t\n")
  })

  it("refuses a command without the input, and options that make no sense", async () => {
    const start = async (command: string[], options = {}) => commandOf("tcp://127.0.0.1:1", command, options)
    expect((await failure(start(["echo"]))).message).toBe(
      "No argument of echo has the input. Write {} where it belongs, or pass it on standard input",
    )
    expect((await failure(start([]))).message).toBe("Expected a command with its arguments")
    expect((await failure(start(["{}"]))).message).toBe("The command itself cannot have a placeholder: {}")
    expect((await failure(start(["echo", "{}"], { okCodes: [999] }))).message).toContain("from 0 to 255")
  })

  it("leaves no folders", async () => {
    const { client, connect } = await queued()
    const worker = commandOf(connect, ["ls", "{dir}", "{}"])
    await client.submit([{ input: tmpdir() }])
    await client.wait()
    const mine = readdirSync(tmpdir()).filter((name) => name.startsWith("ohmq-tasks-") && !name.includes("test"))
    await worker.close()
    for (const name of mine) await until(() => !existsSync(`${tmpdir()}/${name}`) || mine.length > 1)
  })
})
