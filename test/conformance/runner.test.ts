import { once } from "node:events"
import { writeFileSync } from "node:fs"
import { type AddressInfo, createServer, type Socket } from "node:net"
import path from "node:path"
import { pathToFileURL } from "node:url"

import { expect, it, onTestFinished } from "vitest"

import { temporaryFolder } from "../support/folders.js"
import { runAll } from "./runner.mjs"

it.runIf(process.platform !== "win32")("leaves no program behind that a check has started", async () => {
  const programs: Socket[] = []
  const server = createServer((socket) => programs.push(socket.resume())).listen(0, "127.0.0.1")
  await once(server, "listening")
  onTestFinished(() => {
    for (const socket of programs) socket.destroy()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  // In place of a check that has a program frozen when its own process breaks.
  const preload = path.join(temporaryFolder(), "preload.mjs")
  const program = `require("net").connect(${port}, "127.0.0.1", () => console.log("connected")).resume()`
  writeFileSync(
    preload,
    `import { spawn } from "node:child_process"
    spawn(process.execPath, ["-e", ${JSON.stringify(program)}]).stdout.once("data", () => process.exit(1))
    await new Promise(() => {})`,
  )
  const execArgv = ["--import", pathToFileURL(preload).href]
  await runAll(["proxy"], { tested: ["ohmq"], runtime: { execPath: process.execPath, execArgv, env: {} } })
  expect(programs.length).toBeGreaterThan(0)
  await Promise.all(programs.filter((socket) => !socket.closed).map((socket) => once(socket, "close")))
})
