// Has tshark capture the loopback device while sockets of all types exchange messages, and counts the secrets that it saw: with
// NULL and with CURVE. Needs tshark (apt-get install tshark) and the right to capture. Run: node test/interop/capture.mjs

import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import path from "node:path"
import { setTimeout as sleep } from "node:timers/promises"

import { good, Stage } from "../attacks/stage.mjs"
import { types } from "../attacks/types.mjs"

const folder = mkdtempSync(path.join(tmpdir(), "ohmq-capture-"))

/** What tshark writes to a file while a function runs. */
async function capture(name, run) {
  const file = path.join(folder, `${name}.pcapng`)
  const tshark = spawn("tshark", ["-i", "lo", "-f", "tcp", "-w", file], { stdio: ["ignore", "ignore", "pipe"] })
  const ended = once(tshark, "exit")
  tshark.stderr.setEncoding("utf8")
  for await (const text of tshark.stderr) if (text.includes("Capturing on")) break
  // It says so a little before it does.
  await sleep(500)
  await run()
  await sleep(500)
  tshark.kill("SIGINT")
  await ended
  return readFileSync(file)
}

const count = (bytes, text) => bytes.toString("latin1").split(text).length - 1

async function talk(door) {
  for (const type of types) {
    const stage = await Stage.set(type, door)
    const client = stage.client(good)
    await stage.flow(client, `SECRET-${door}-${type.name}.`)
    await stage.close()
  }
}

try {
  const rows = []
  for (const door of ["null", "guarded"]) {
    const bytes = await capture(door, () => talk(door))
    const seen = types.filter(({ name }) => count(bytes, `SECRET-${door}-${name}.`) > 0)
    rows.push({ door, bytes: bytes.length, greetings: count(bytes, door === "null" ? "NULL" : "CURVE\0"), seen })
  }
  for (const { door, bytes, greetings, seen } of rows) {
    console.log(
      `${door}: ${bytes} bytes captured, ${greetings} greetings; messages to be read of ${seen.length} of ${types.length} types`,
    )
  }
  const [open, guarded] = rows
  process.exitCode = open.seen.length === types.length && guarded.seen.length === 0 && guarded.greetings > 0 ? 0 : 1
} finally {
  rmSync(folder, { recursive: true })
}
