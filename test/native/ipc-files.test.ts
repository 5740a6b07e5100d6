// The files of ipc endpoints: what a bind may remove, and when a file goes.

import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { chmodSync, existsSync, lstatSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import net from "node:net"
import path from "node:path"
import { createInterface } from "node:readline"

import * as zmq from "ohmq"
import * as draft from "ohmq/draft"
import { describe, expect, it, onTestFinished, vi } from "vitest"

import { temporaryFolder } from "../support/folders.js"
import { root, runCommand, runProgram } from "../support/process.js"
import { failure, open, texts } from "../support/sockets.js"

/** A path for a socket, in a folder of its own. */
const free = () => path.join(temporaryFolder(), "socket")

/** Sockets that a program left behind that was killed. */
async function abandoned(count: number): Promise<string[]> {
  const folder = temporaryFolder()
  const paths = Array.from({ length: count }, (_, index) => path.join(folder, `socket-${index}`))
  const program = `
    import { Pull } from "ohmq"
    for (const path of ${JSON.stringify(paths)}) new Pull().bindSync("ipc://" + path)
    process.kill(process.pid, "SIGKILL")`
  const { status } = await runCommand(process.execPath, ["--input-type=module", "-e", program])
  expect(status).toBe("SIGKILL")
  for (const file of paths) expect(lstatSync(file).isSocket()).toBe(true)
  return paths
}

/** Sends a message to whoever listens at a path, and receives it there. */
async function reaches(pull: zmq.Pull, file: string) {
  const push = open(zmq.Push)
  push.connect(`ipc://${file}`)
  await push.send("hello")
  expect(texts(await pull.receive({ timeout: 5000 }))).toEqual(["hello"])
}

describe("a bind over ipc", () => {
  it.each<[string, (file: string) => void]>([
    ["an ordinary file", (file) => writeFileSync(file, "precious")],
    ["an empty file", (file) => writeFileSync(file, "")],
    ["a folder", (file) => mkdirSync(file)],
    ["a FIFO", (file) => expect(spawnSync("mkfifo", [file]).status).toBe(0)],
    [
      "a link to a file",
      (file) => {
        writeFileSync(`${file}-target`, "precious")
        symlinkSync(`${file}-target`, file)
      },
    ],
    ["a link to nothing", (file) => symlinkSync(`${file}-target`, file)],
    [
      "a link to the socket of a server",
      (file) => {
        open(zmq.Pull).bindSync(`ipc://${file}-target`)
        symlinkSync(`${file}-target`, file)
      },
    ],
  ])("removes no file that is not a socket: %s", async (_, make) => {
    const file = free()
    make(file)
    const before = lstatSync(file)
    const refused = {
      code: "EEXIST",
      address: `ipc://${file}`,
      message: `${file} exists and is not a socket, so it was not replaced`,
    }
    expect(await failure(() => open(zmq.Pull).bind(`ipc://${file}`))).toMatchObject(refused)
    expect(await failure(() => open(zmq.Pull).bindSync(`ipc://${file}`))).toMatchObject(refused)
    expect(lstatSync(file)).toMatchObject({ ino: before.ino, mode: before.mode, size: before.size })
  })

  it("removes no socket that somebody listens on: of this process", async () => {
    const file = free()
    const pull = open(zmq.Pull)
    await pull.bind(`ipc://${file}`)
    const inUse = { code: "EADDRINUSE", address: `ipc://${file}`, message: "Address already in use" }
    expect(await failure(() => open(zmq.Pull).bind(`ipc://${file}`))).toMatchObject(inUse)
    expect(await failure(() => open(zmq.Pull).bindSync(`ipc://${file}`))).toMatchObject(inUse)
    expect(await failure(() => pull.bind(`ipc://${file}`))).toMatchObject(inUse)
    await reaches(pull, file)
  })

  it("removes no socket that somebody listens on: of another program, also if its backlog is full", async () => {
    const file = free()
    const server = net.createServer((connection) => connection.end("still here"))
    onTestFinished(() => void server.close())
    server.listen({ path: file, backlog: 1 })
    await once(server, "listening")
    const error = await failure(() => {
      // Nobody is accepted before this returns.
      for (let count = 0; count < 10; count += 1) {
        const connection = net.connect(file).on("error", () => {})
        onTestFinished(() => void connection.destroy())
      }
      open(zmq.Pull).bindSync(`ipc://${file}`)
    })
    expect(error).toMatchObject({ code: "EADDRINUSE" })
    const said = async () => String((await once(net.connect(file), "data").catch(() => [""]))[0])
    await vi.waitFor(async () => expect(await said()).toBe("still here"))
  })

  it("takes the place of a socket that nobody listens on", async () => {
    for (const file of await abandoned(2)) {
      const pull = open(zmq.Pull)
      await pull.bind(`ipc://${file}`)
      await reaches(pull, file)
    }
  })

  it("is reported if it fails", async () => {
    const file = free()
    writeFileSync(file, "")
    const pull = open(zmq.Pull)
    const event = pull.events.waitFor("bind:error")
    await failure(() => pull.bind(`ipc://${file}`))
    expect((await event).error).toMatchObject({ code: "EEXIST" })
  })

  it("leaves a file alone whose path is too long for a socket", async () => {
    const file = path.join(temporaryFolder(), "f".repeat(120))
    writeFileSync(file, "precious")
    expect(await failure(() => open(zmq.Pull).bind(`ipc://${file}`))).toMatchObject({ code: "ENAMETOOLONG" })
    expect(readFileSync(file, "utf8")).toBe("precious")
  })

  it("fails if there is no folder", async () => {
    expect(await failure(() => open(zmq.Pull).bind(`ipc://${free()}/socket`))).toMatchObject({ code: "ENOENT" })
  })

  it("has the file of the socket afterwards, and no other", async () => {
    const file = free()
    await open(zmq.Pull).bind(`ipc://${file}`)
    const { stdout } = spawnSync("ls", ["-A", path.dirname(file)], { encoding: "utf8" })
    expect(stdout).toBe("socket\n")
    expect(lstatSync(file).isSocket()).toBe(true)
  })

  it("removes nothing while another program has locked the folder", async () => {
    const [file = ""] = await abandoned(1)
    const folder = path.dirname(file)
    const holder = spawn("flock", [folder, "sh", "-c", "echo locked; read line"], {
      stdio: ["pipe", "pipe", "inherit"],
    })
    await once(holder.stdout, "data")
    expect(await failure(() => open(zmq.Pull).bind(`ipc://${file}`))).toMatchObject({ code: "EADDRINUSE" })
    expect(existsSync(file)).toBe(true)
    const pull = open(zmq.Pull)
    await pull.bind(`ipc://${folder}/another`)
    await reaches(pull, `${folder}/another`)
    holder.stdin.end()
    await once(holder, "exit")
    await open(zmq.Pull).bind(`ipc://${file}`)
  })

  it("is won by one of several processes that want the place of the same abandoned socket", async () => {
    const program = `
      import { Pull } from "ohmq"
      import { createInterface } from "node:readline"
      const pull = new Pull()
      for await (const path of createInterface({ input: process.stdin })) {
        const result = await pull.bind("ipc://" + path).then(() => "won", ({ code }) => code)
        console.log(result)
        if (result === "won") { console.log(String(await pull.receive())); pull.unbindSync("ipc://" + path) }
      }`
    const racers = Array.from({ length: 4 }, () => {
      const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
        ...{ cwd: root, stdio: ["pipe", "pipe", "inherit"] },
      })
      onTestFinished(() => void child.kill())
      return { child, lines: createInterface({ input: child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]() }
    })
    for (const file of await abandoned(30)) {
      for (const { child } of racers) child.stdin?.write(`${file}\n`)
      const results = await Promise.all(racers.map(async ({ lines }) => (await lines.next()).value))
      expect([...results].sort()).toEqual(["EADDRINUSE", "EADDRINUSE", "EADDRINUSE", "won"])
      const push = open(zmq.Push)
      push.connect(`ipc://${file}`)
      await push.send("hello")
      expect((await racers[results.indexOf("won")]?.lines.next())?.value).toBe("hello")
    }
  })
})

describe.runIf(process.getuid?.() === 0)("a bind over ipc of somebody who may not do all", () => {
  /** Runs a program as nobody. */
  async function asNobody(file: string) {
    const program = `
      import { Pull } from "ohmq"
      console.log(await new Pull().bind("ipc://${file}").then(() => "bound", ({ code }) => code))`
    const child = spawn(process.execPath, ["--input-type=module", "-e", program], { cwd: root, uid: 65534, gid: 65534 })
    let said = ""
    child.stdout.on("data", (text) => {
      said += text
    })
    await once(child, "close")
    return said.trim()
  }

  it("removes no socket of somebody else, who may listen or not", async () => {
    const [file = ""] = await abandoned(1)
    chmodSync(path.dirname(file), 0o777)
    chmodSync(file, 0o600)
    expect(await asNobody(file)).toBe("EADDRINUSE")
    expect(existsSync(file)).toBe(true)
  })

  it("fails in a folder that cannot be written to", async () => {
    const [file = ""] = await abandoned(1)
    chmodSync(path.dirname(file), 0o755)
    chmodSync(file, 0o777)
    expect(await asNobody(file)).toBe("EACCES")
    expect(await asNobody(`${path.dirname(file)}/new`)).toBe("EACCES")
    expect(existsSync(file)).toBe(true)
  })

  it("works in a folder that cannot be read", async () => {
    const [file = ""] = await abandoned(1)
    chmodSync(path.dirname(file), 0o733)
    chmodSync(file, 0o777)
    expect(await asNobody(file)).toBe("bound")
  })
})

describe("the file of an ipc endpoint is gone", () => {
  it.each(["bind", "bindSync"] as const)("when its socket is closed (%s)", async (bind) => {
    const file = free()
    const pull = new zmq.Pull()
    await pull[bind](`ipc://${file}`)
    expect(existsSync(file)).toBe(true)
    pull.close()
    expect(existsSync(file)).toBe(false)
  })

  it("when a draft socket is closed", async () => {
    const file = free()
    const server = new draft.Server()
    await server.bind(`ipc://${file}`)
    server.close()
    expect(existsSync(file)).toBe(false)
  })

  it.each(["unbind", "unbindSync"] as const)(
    "when its socket is unbound (%s), and those of others are not",
    async (unbind) => {
      const [file, other] = [free(), free()]
      const pull = open(zmq.Pull)
      await pull.bind(`ipc://${file}`)
      await pull.bind(`ipc://${other}`)
      await pull[unbind](`ipc://${file}`)
      expect([existsSync(file), existsSync(other)]).toEqual([false, true])
      await reaches(pull, other)
    },
  )

  it("when its context is terminated", async () => {
    const file = free()
    const context = new zmq.Context()
    await new zmq.Pull({ context }).bind(`ipc://${file}`)
    await context.terminate()
    expect(existsSync(file)).toBe(false)
  })

  it("when its Proxy ends", async () => {
    const file = free()
    const proxy = new zmq.Proxy(new zmq.Pull(), new zmq.Push())
    await proxy.frontEnd.bind(`ipc://${file}`)
    await proxy.backEnd.bind("tcp://127.0.0.1:*")
    const ended = proxy.run()
    proxy.terminate()
    await ended
    expect(existsSync(file)).toBe(false)
  })

  it("with its folder, where libzmq has chosen the name", async () => {
    const pull = new zmq.Pull()
    await pull.bind("ipc://*")
    const file = (pull.lastEndpoint as string).slice("ipc://".length)
    expect(lstatSync(file).isSocket()).toBe(true)
    pull.close()
    await vi.waitFor(() => expect(existsSync(path.dirname(file))).toBe(false))
  })

  it.each<[string, string, number]>([
    ["by itself", "", 0],
    ["by itself, while the socket is open and has messages to send", `pull.linger = 0`, 0],
    ["by process.exit()", "process.exit(3)", 3],
    ["by an exception", `setImmediate(() => { throw new Error("thrown") })`, 1],
    ["by a worker's process.exit(), and by itself", `new threads.Worker("process.exit()", { eval: true })`, 0],
  ])("when its process ends %s", async (_, how, status) => {
    const file = free()
    const outcome = await runProgram(`const pull = new zmq.Pull(); await pull.bind("ipc://${file}"); ${how}`)
    expect(outcome.status).toBe(status)
    expect(existsSync(file)).toBe(false)
  })

  it.each(["", "process.exit()", "worker.terminate()"])("when its worker ends: %s", async (how) => {
    const file = free()
    const inside =
      how === "process.exit()" ? how : how === "" ? "" : "await new Promise(() => setTimeout(() => {}, 1e6))"
    const program = `
      import { once } from "node:events"
      import { existsSync } from "node:fs"
      const worker = new threads.Worker(\`
        import { Pull } from "ohmq"
        import { parentPort } from "node:worker_threads"
        await new Pull().bind("ipc://${file}")
        parentPort.postMessage("bound")
        ${inside}\`, { eval: true })
      const ended = once(worker, "exit")
      await once(worker, "message")
      if (${how === "worker.terminate()"}) worker.terminate()
      await ended
      console.log(existsSync("${file}"))`
    expect(await runProgram(program)).toMatchObject({ status: 0, stdout: "false\n", stderr: "" })
  })

  it("although the program has changed its folder since", async () => {
    const folder = temporaryFolder()
    const program = `
      import { existsSync } from "node:fs"
      process.chdir("${folder}")
      const pull = new zmq.Pull()
      await pull.bind("ipc://relative")
      console.log(existsSync("relative"))
      process.chdir("/")
      pull.close()
      console.log(existsSync("${folder}/relative"))`
    expect(await runProgram(program)).toMatchObject({ status: 0, stdout: "true\nfalse\n", stderr: "" })
  })

  it("in time for the next bind, a hundred times over", async () => {
    const file = free()
    const pull = open(zmq.Pull)
    for (let count = 0; count < 100; count += 1) {
      const other = new zmq.Pull()
      await other.bind(`ipc://${file}`)
      other.close()
      await pull.bind(`ipc://${file}`)
      await pull.unbind(`ipc://${file}`)
      pull.bindSync(`ipc://${file}`)
      pull.unbindSync(`ipc://${file}`)
    }
    expect(existsSync(file)).toBe(false)
  })
})

describe("the file of an ipc endpoint stays where it is another's", () => {
  it.each(["close", "unbindSync"] as const)("an ordinary file (%s)", async (end) => {
    const file = free()
    const pull = open(zmq.Pull)
    await pull.bind(`ipc://${file}`)
    rmSync(file)
    writeFileSync(file, "precious")
    if (end === "close") pull.close()
    else pull.unbindSync(`ipc://${file}`)
    expect(readFileSync(file, "utf8")).toBe("precious")
  })

  it("a socket", async () => {
    const file = free()
    const [pull, other] = [open(zmq.Pull), open(zmq.Pull)]
    await pull.bind(`ipc://${file}`)
    rmSync(file)
    await other.bind(`ipc://${file}`)
    pull.close()
    await reaches(other, file)
  })

  it("a socket that was passed as a descriptor", async () => {
    const file = free()
    const program = `
      import { once } from "node:events"
      import { lstatSync, writeSync } from "node:fs"
      import net from "node:net"
      const server = net.createServer().listen("${file}")
      await once(server, "listening")
      const { ino } = lstatSync("${file}")
      const pull = new zmq.Pull({ useFileDescriptor: server._handle.fd })
      const closed = pull.events.waitFor("close")
      await pull.bind("ipc://${file}")
      await pull.unbind("ipc://${file}")
      await closed
      writeSync(1, String(lstatSync("${file}").ino === ino))
      process.kill(process.pid, "SIGKILL") // libzmq has closed the server's descriptor`
    expect((await runProgram(program)).stdout).toBe("true")
  })
})

describe("an abstract name", () => {
  it("is in use, or free when its socket is closed, and has nothing to do with a file", async () => {
    const folder = temporaryFolder()
    const program = `
      import { existsSync, writeFileSync } from "node:fs"
      process.chdir("${folder}")
      const name = "ipc://@ohmq-" + process.pid, file = name.slice("ipc://".length)
      writeFileSync(file, "precious")
      const pull = new zmq.Pull(), other = new zmq.Pull()
      await pull.bind(name)
      console.log(await other.bind(name).catch(({ code }) => code))
      const closed = pull.events.waitFor("close").catch(() => {})
      pull.close(); await closed
      while (await other.bind(name).catch(({ code }) => code) === "EADDRINUSE");
      other.close()
      console.log(existsSync(file))`
    expect(await runProgram(program)).toMatchObject({ status: 0, stdout: "EADDRINUSE\ntrue\n", stderr: "" })
  })
})
