// The other ZeroMQs: how each is made ready and started, and what has to be installed for it.

import { execFile } from "node:child_process"
import path from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"

import { jeromq } from "./jeromq.mjs"
import { Peer } from "./peer.mjs"

const run = promisify(execFile)
const source = (name) => fileURLToPath(new URL(`peers/${name}`, import.meta.url))

/** Compiles a program of peers/ into a folder. */
async function compile(compiler, name, folder, ...flags) {
  const program = path.join(folder, path.parse(name).name)
  await run(compiler, [source(name), "-o", program, ...flags])
  return [program, []]
}

const all = ["null", "plain", "curve"]

/** `command` gives the program and its arguments; it may compile into the folder. */
export const peers = [
  {
    name: "pyzmq",
    packages: "python3-zmq",
    mechanisms: all,
    // Debian's Python, since the first of the PATH may be another.
    command: () => ["/usr/bin/python3", [source("pyzmq.py")]],
  },
  {
    name: "CZMQ",
    packages: "gcc libczmq-dev",
    mechanisms: all,
    command: (folder) => compile("cc", "czmq.c", folder, "-lczmq", "-lzmq"),
  },
  {
    name: "cppzmq",
    packages: "g++ cppzmq-dev",
    mechanisms: all,
    command: (folder) => compile("c++", "cppzmq.cc", folder, "-std=c++17", "-lzmq", "-pthread"),
  },
  {
    name: "JeroMQ",
    packages: "default-jdk-headless",
    also: "libjeromq-java and libjnacl-java of Debian 13",
    mechanisms: all,
    // To JeroMQ, ipc is tcp with a port made from the name.
    without: ["STREAM"],
    // It ends the connection, with a command that libzmq does not expect.
    tellsOfPasswords: false,
    plainOver: "tcp",
    command: () => ["java", ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", jeromq(), source("JeroMQ.java")]],
  },
  {
    name: "zeromq",
    packages: "zeromq",
    mechanisms: all,
    command: () => [process.execPath, [source("zeromq.mjs")]],
  },
]

/** Makes a peer ready, once; gives a function that starts processes of it. Throws, with the remedy, where it is not installed. */
export async function prepare({ name, packages, command }, folder) {
  const install = name === "zeromq" ? "npm install" : `apt-get install ${packages}`
  const refuse = (error) => {
    throw new Error(`${name} does not run here. Is it installed? ${install}\n${error.stderr || error.message}`)
  }
  const [program, args] = await Promise.resolve(folder).then(command).catch(refuse)
  return async () => {
    const peer = new Peer(program, args)
    peer.version = await peer.ask("version").catch(refuse)
    return peer
  }
}
