// Runs cells in a real IPython kernel through enchannel-zmq-backend, as nteract does.

const assert = require("node:assert")
const { spawn } = require("node:child_process")
const { existsSync, mkdtempSync, readFileSync, rmSync } = require("node:fs")
const { tmpdir } = require("node:os")
const path = require("node:path")
const { createRequire } = require("node:module")
const { setTimeout: sleep } = require("node:timers/promises")

const require_ = createRequire(path.join(process.cwd(), "package.json"))
const { createMainChannel } = require_("enchannel-zmq-backend")
const { createMessage, executeRequest } = require_("@nteract/messaging")

const cells = 200

async function main() {
  const folder = mkdtempSync(path.join(tmpdir(), "ohmq-kernel-"))
  const file = path.join(folder, "connection.json")
  const kernel = spawn(process.env.PYTHON ?? "python3", ["-m", "ipykernel_launcher", "-f", file], {
    stdio: ["ignore", "ignore", "inherit"],
  })
  const exited = new Promise((resolve) => kernel.on("exit", (code, signal) => resolve(code ?? signal)))
  try {
    const config = await connection(file)
    const channel = await createMainChannel(config)
    const seen = []
    channel.subscribe((message) => seen.push(message))

    /** Waits for a message that matches, among those since `seen` was cleared. */
    const until = async (found) => {
      for (let waited = 0; waited < 30_000; waited++) {
        const message = seen.find(found)
        if (message !== undefined) return message
        await sleep(1)
      }
      throw new Error("The kernel did not answer in time")
    }
    const isFor = (request, type) => (message) =>
      message.header.msg_type === type && message.parent_header.msg_id === request.header.msg_id
    const execute = async (code) => {
      const request = { ...executeRequest(code), channel: "shell" }
      channel.next(request)
      const reply = await until(isFor(request, "execute_reply"))
      await until((message) => isFor(request, "status")(message) && message.content.execution_state === "idle")
      const printed = seen.filter(isFor(request, "stream")).map((message) => message.content.text)
      const result = { status: reply.content.status, text: printed.join("") }
      seen.length = 0
      return result
    }

    // A subscription takes a moment to reach the kernel. Messages that it publishes before are lost.
    for (;;) {
      const request = createMessage("kernel_info_request", { channel: "shell" })
      channel.next(request)
      await until(isFor(request, "kernel_info_reply"))
      await sleep(20)
      if (seen.some((message) => message.channel === "iopub")) break
    }
    await sleep(50)
    seen.length = 0

    for (let cell = 0; cell < cells; cell++) {
      assert.deepStrictEqual(await execute(`print(${cell})`), { status: "ok", text: `${cell}\n` })
    }
    assert.strictEqual((await execute("1 / 0")).status, "error")
    const { text } = await execute("print('x' * 1_000_000)")
    assert.strictEqual(text.length, 1_000_001)

    const shutdown = createMessage("shutdown_request", { channel: "control", content: { restart: false } })
    channel.next(shutdown)
    await until(isFor(shutdown, "shutdown_reply"))
    assert.strictEqual(await exited, 0)
    channel.complete()
    const done = `${cells} cells, an error, 1 MB of output, shutdown`
    process.stdout.write(`${JSON.stringify({ done })}\n`)
  } finally {
    kernel.kill("SIGKILL")
    rmSync(folder, { recursive: true })
  }
}

/** The connection file, which the kernel writes when it has chosen its ports. */
async function connection(file) {
  for (let waited = 0; waited < 30_000; waited += 10) {
    try {
      if (existsSync(file)) return JSON.parse(readFileSync(file, "utf8"))
    } catch {
      // The file is still being written.
    }
    await sleep(10)
  }
  throw new Error("The kernel did not start")
}

// The process must exit by itself: closed sockets must not keep it alive.
main().catch((error) => {
  process.stderr.write(`${error.stack}\n`)
  process.exit(1)
})
