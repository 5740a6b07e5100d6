// Who has a store open: a lock that ends with its process, however that ends.
//
// Node has no flock, and a file with a process id outlives its process. A socket does not: once nobody listens, connecting to its file fails.
// Sockets are files of the folder and not abstract ones, so that containers that share the folder, but not the network, see them too.

import { randomBytes } from "node:crypto"
import { linkSync, readdirSync, rmSync, statSync } from "node:fs"
import { connect, createServer, type Server, type Socket } from "node:net"
import { join } from "node:path"
import process from "node:process"
import { StoreError, systemError } from "./log/errors.js"
import { ShortName } from "./short-name.js"

const PREFIX = "owner."
/** How long the owner has to answer with its process id. It is alive in any case. */
const ANSWER = 1_000
/** How long a command may take. */
const PATIENCE = 60_000
const MAX_COMMAND = 100

/** What an owner says. */
interface Reply {
  pid?: number
}

/** Asks who listens: an empty answer if it sends none in time, or undefined if nobody listens. */
function ask(path: string, command = "", patience = ANSWER): Promise<Reply | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path)
    let text = ""
    socket.setEncoding("utf8").setTimeout(patience, () => socket.destroy())
    socket.end(command)
    socket.on("data", (more) => {
      text += more
    })
    socket.on("error", (error: NodeJS.ErrnoException) => {
      // Whatever else goes wrong, such as a full backlog, somebody may be there.
      resolve(error.code === "ECONNREFUSED" || error.code === "ENOENT" ? undefined : {})
    })
    socket.on("close", () => {
      try {
        resolve(JSON.parse(text))
      } catch {
        resolve({})
      }
    })
  })
}

const numbers = (folder: string): number[] =>
  readdirSync(folder)
    .filter((name) => /^owner\.\d+$/.test(name))
    .map((name) => Number(name.slice(PREFIX.length)))
    .sort((a, b) => b - a)

const locked = (folder: string, { pid }: Reply) =>
  new StoreError(
    "LOCKED",
    `${folder} is in use by ${pid === undefined ? "another process" : `process ${pid}`}. A store can be open only once: ` +
      "stop that process, or choose another folder",
  )

/** The right to write to a store. */
export class Owner {
  readonly #listener: Listener
  readonly #name: ShortName
  readonly #file: string

  private constructor(listener: Listener, name: ShortName, file: string) {
    this.#listener = listener
    this.#name = name
    this.#file = file
  }

  /** Answers commands of other processes. */
  serve(answer: (command: string) => Promise<object>): void {
    this.#listener.answer = answer
  }

  /** Becomes the owner, or fails at once with `LOCKED`. */
  static async claim(folder: string): Promise<Owner> {
    if (process.platform === "win32") return Owner.#claimPipe(folder)
    const name = new ShortName(folder)
    const file = `claim.${process.pid}.${randomBytes(6).toString("hex")}`
    const listener = new Listener()
    try {
      await listener.listen(join(name.path, file))
      await Owner.#publish(folder, name.path, file)
      return new Owner(listener, name, join(folder, file))
    } catch (error) {
      await listener.close()
      rmSync(join(folder, file), { force: true })
      name.close()
      throw systemError(error, folder)
    }
  }

  /**
   * Links the socket as `owner.N`, where N is one more than that of the last owner. link(2) succeeds for one of those who try at a time, and the
   * highest number is never removed, so nobody takes a number that somebody else has already passed.
   */
  static async #publish(folder: string, shortName: string, file: string): Promise<void> {
    for (;;) {
      const last = numbers(folder)[0] ?? 0
      const owner = last === 0 ? undefined : await ask(join(shortName, PREFIX + last))
      if (owner !== undefined) throw locked(folder, owner)
      const own = last + 1
      try {
        linkSync(join(folder, file), join(folder, PREFIX + own))
      } catch (error) {
        const { code } = error as { code?: string }
        if (code === "EEXIST") continue
        // Another process took this socket for one that was left behind, while it became the owner.
        throw code === "ENOENT" ? locked(folder, {}) : error
      }
      const all = numbers(folder)
      if (all[0] !== own) {
        rmSync(join(folder, PREFIX + own), { force: true })
        continue
      }
      for (const number of all) if (number < own) rmSync(join(folder, PREFIX + number), { force: true })
      for (const other of readdirSync(folder)) {
        // Left behind by those who were killed.
        if (other.startsWith("claim.") && other !== file && (await ask(join(shortName, other))) === undefined) {
          rmSync(join(folder, other), { force: true })
        }
      }
      return
    }
  }

  /** A named pipe can be created once, and ends with its process. */
  static async #claimPipe(folder: string): Promise<Owner> {
    const path = pipeOf(folder)
    const listener = new Listener()
    try {
      await listener.listen(path)
      return new Owner(listener, new ShortName(folder), "")
    } catch (error) {
      if ((error as { code?: string }).code === "EADDRINUSE") throw locked(folder, (await ask(path)) ?? {})
      throw systemError(error, folder)
    }
  }

  /** Lets others have the store. */
  async release(): Promise<void> {
    await this.#listener.close()
    if (this.#file) rmSync(this.#file, { force: true })
    this.#name.close()
  }
}

/** Tells everybody its process id, and does not keep the process alive. */
class Listener {
  readonly #server: Server
  readonly #peers = new Set<Socket>()
  answer: (command: string) => Promise<object> = async () => ({})

  constructor() {
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.#serve(socket))
  }

  #serve(socket: Socket): void {
    let command = ""
    this.#peers.add(socket)
    socket.unref()
    socket.setEncoding("utf8")
    socket.on("close", () => this.#peers.delete(socket))
    socket.on("error", () => {})
    socket.on("data", (text) => {
      command += text
      if (command.length > MAX_COMMAND) socket.destroy()
    })
    socket.on("end", async () => {
      const more = command === "" ? {} : await this.answer(command)
      socket.end(JSON.stringify({ pid: process.pid, ...more }))
    })
  }

  listen(path: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.on("error", reject)
      this.#server.listen(path, () => {
        this.#server.unref()
        resolve()
      })
    })
  }

  async close(): Promise<void> {
    for (const peer of this.#peers) peer.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

const pipeOf = (folder: string): string => {
  const { dev, ino } = statSync(folder, { bigint: true })
  return `\\\\.\\pipe\\ohmq-store-${dev}-${ino}`
}

/** Asks the process that has a store open to do something. Undefined if there is none. */
export async function askOwner(folder: string, command: string): Promise<object | undefined> {
  if (process.platform === "win32") return ask(pipeOf(folder), command, PATIENCE)
  const last = numbers(folder)[0]
  if (last === undefined) return undefined
  const name = new ShortName(folder)
  try {
    return await ask(join(name.path, PREFIX + last), command, PATIENCE)
  } finally {
    name.close()
  }
}
