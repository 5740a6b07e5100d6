// The recipes of docs/bundlers.md, and the program that they build.

import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs"
import path from "node:path"

import { temporaryFolder } from "./folders.js"
import { install } from "./installed.js"
import { prebuiltAddon } from "./package.js"
import { type Outcome, root, runCommand } from "./process.js"
import { toolchain } from "./toolchains.js"

const documented = readFileSync(path.join(root, "docs/bundlers.md"), "utf8")

/** Programs, settings and commands by file name. If one names an addon, it is replaced by this machine's. */
export const recipes = new Map<string, string>()
for (const [, name = "", source = ""] of documented.matchAll(/^```(?:js|json|sh) (\S+)\n((?:(?!```).*\n)*)```$/gm)) {
  const addon = prebuiltAddon().split(path.sep).join("/")
  recipes.set(name, source.replace("prebuilds/linux-x64/ohmq.glibc.node", addon))
}

// Bundlers rename classes, so the program shows an option of each.
const roundTrip = `
  import zmq, { Pull, Push } from "ohmq"
  import * as draft from "ohmq/draft"

  const both = { sendTimeout: 77, receiveTimeout: 78 }
  const hello = { ...both, helloMessage: Buffer.from("hello") }
  const ownOptions = [
    [zmq.Pair, both],
    [zmq.Publisher, { sendTimeout: 77, noDrop: true }],
    [zmq.Subscriber, { receiveTimeout: 77, invertMatching: true }],
    [zmq.Request, { ...both, routingId: "me", correlate: true }],
    [zmq.Reply, { ...both, routingId: "me" }],
    [zmq.Dealer, { ...both, routingId: "me", probeRouter: true }],
    [zmq.Router, { ...both, routingId: "me", mandatory: true }],
    [zmq.Pull, { receiveTimeout: 77 }],
    [zmq.Push, { sendTimeout: 77 }],
    [zmq.XPublisher, { ...both, manual: true }],
    [zmq.XSubscriber, { ...both, onlyFirstSubscribe: true }],
    [zmq.Stream, { ...both, notify: false }],
    [draft.Server, hello],
    [draft.Client, hello],
    [draft.Radio, { sendTimeout: 77, noDrop: true }],
    [draft.Dish, { receiveTimeout: 77 }],
    [draft.Gather, { receiveTimeout: 77 }],
    [draft.Scatter, { sendTimeout: 77 }],
    [draft.Datagram, both],
    [draft.Peer, hello],
    [draft.Channel, both],
  ]

  export async function roundTrip() {
    for (const [socketClass, options] of ownOptions) {
      const socket = new socketClass(options)
      for (const [name, value] of Object.entries(options))
        if (String(socket[name]) !== String(value)) throw new Error(name + " is " + socket[name])
      socket.close()
    }
    const [push, pull] = [new Push(), new zmq.Pull()]
    push.bindSync("inproc://bundle")
    pull.connect("inproc://bundle")
    await push.send(["a message", "of two parts"])
    const message = await pull.receive()
    if (!(pull instanceof Pull)) throw new Error("There are two modules")
    push.close()
    pull.close()
    return message.join()
  }
`

const app = `roundTrip().then(console.log)`

/** Makes a folder a project with the package, and with the program that the recipes build. */
export async function application(folder: string): Promise<void> {
  await install(folder)
  writeFileSync(path.join(folder, "round-trip.mjs"), roundTrip)
  writeFileSync(path.join(folder, "app.mjs"), `import { roundTrip } from "./round-trip.mjs"\n${app}\n`)
}

/** The output of the program. */
export const success = { status: 0, stdout: "a message,of two parts\n", stderr: "" }

/** A copy of the project with some of the recipes, in which a test can build. */
export function copyWith(project: string, ...names: string[]): string {
  const folder = temporaryFolder()
  cpSync(project, folder, { recursive: true, verbatimSymlinks: true })
  for (const name of names) {
    const recipe = recipes.get(name)
    if (recipe === undefined) throw new Error(`docs/bundlers.md has no block for ${name}`)
    writeFileSync(path.join(folder, name), recipe)
  }
  return folder
}

/** Runs the commands of a recipe. Their PATH has `node`, the tools of test/toolchains, and the folders of `tools`. */
export function follow(
  folder: string,
  recipe: string,
  { node = process.execPath, tools = [] as string[], env = {} } = {},
) {
  const own = path.join(folder, "commands")
  mkdirSync(own)
  symlinkSync(node, path.join(own, "node"))
  const search = [own, ...tools, toolchain(".bin"), process.env.PATH].join(path.delimiter)
  return runCommand("sh", ["-e", recipe], { cwd: folder, timeout: 120_000, env: { ...env, PATH: search } })
}

/** Runs the program that was built in out/, in an empty folder, with Node or as an executable. */
export function runElsewhere(folder: string, command: string[], env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  const elsewhere = temporaryFolder()
  cpSync(path.join(folder, "out"), path.join(elsewhere, "out"), { recursive: true })
  const [program = "", ...args] = command
  const file = program.startsWith("out/") ? path.join(elsewhere, program) : program
  return runCommand(file, args, {
    cwd: elsewhere,
    timeout: 60_000,
    // Hides the warning about draft sockets.
    env: { NODE_NO_WARNINGS: "1", OHMQ_PREBUILD: undefined, ...env },
  })
}
