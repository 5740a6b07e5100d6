// Starts the servers that some contenders need, on a free port of the loopback interface.

import { once } from "node:events"
import { accessSync, constants, existsSync, mkdirSync } from "node:fs"
import net from "node:net"
import path from "node:path"
import { setTimeout as sleep } from "node:timers/promises"

import { startChild, temporaryFolder } from "./tidy.mjs"

const modules = path.join(import.meta.dirname, "../peers/node_modules")

function executable(file) {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** The path of a program, if it is installed. */
export const find = (program, folders = []) =>
  [...folders, ...(process.env.PATH ?? "").split(path.delimiter), "/usr/sbin"]
    .map((folder) => path.join(folder, program))
    .find(executable)

export async function freePort() {
  const listener = net.createServer().listen(0, "127.0.0.1")
  await once(listener, "listening")
  const { port } = listener.address()
  listener.close()
  await once(listener, "close")
  return port
}

async function accepts(port) {
  const socket = net.connect(port, "127.0.0.1")
  try {
    await once(socket, "connect")
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

/** Starts a program and waits until it accepts connections on `port`. */
export async function startListener(file, args, { port, env, seconds = 15 }) {
  const { child, ended, stop } = startChild(file, args.map(String), {
    cwd: temporaryFolder(),
    env: { ...process.env, ...env },
    // In its own process group, so that Ctrl-C reaches only the benchmark, which then stops the server.
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  })
  let said = ""
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => {
      said = `${said}${text}`.slice(-2000)
    })
  }
  let status
  ended.then((code) => {
    status = code
  })
  const limit = performance.now() + seconds * 1000
  while (!(await accepts(port))) {
    if (status !== undefined) throw new Error(`it exited (${status}): ${said.trim()}`)
    if (performance.now() > limit) {
      await stop()
      throw new Error(`it did not listen within ${seconds} s: ${said.trim()}`)
    }
    await sleep(50)
  }
  return { stop, pid: child.pid }
}

/**
 * A server for contenders. `prepare` starts it once, or returns why it cannot; `cleanUp` stops it. `start` gets the path of the program, a free
 * port, an empty folder, and a list to which it adds what it starts.
 */
export function server({ program, folders = [], debian = program, client, start, url }) {
  const started = []
  let prepared
  let port
  async function prepare() {
    const file = find(program, folders)
    if (file === undefined) return `${program} is not installed. Run: apt-get install ${debian}`
    if (!existsSync(path.join(modules, client)))
      return `${client} is not installed. Run: npm ci --prefix bench/peers --ignore-scripts`
    const folder = path.join(temporaryFolder(), program)
    mkdirSync(folder)
    port = await freePort()
    try {
      await start({ file, port, folder, started })
    } catch (error) {
      return `${program} did not start: ${error.message}`
    }
    return undefined
  }
  return {
    prepare() {
      prepared ??= prepare()
      return prepared
    },
    async cleanUp() {
      await Promise.all(started.splice(0).map(({ stop }) => stop()))
    },
    url: () => url(port),
  }
}
