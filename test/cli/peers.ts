// Peers of the command that are not ours: pyzmq and CZMQ.

import { execFileSync } from "node:child_process"
import { once } from "node:events"
import { writeFileSync } from "node:fs"
import { type AddressInfo, createServer, type Server } from "node:net"
import path from "node:path"

import { temporaryFolder } from "../support/folders.js"
import { Running } from "./support.js"

/** Starts a Python program with pyzmq, a context `context`, and the arguments as `args`. */
export const python = (source: string, ...args: string[]) =>
  // Debian's Python, since the first of the PATH may be another.
  new Running("/usr/bin/python3", [
    "-uc",
    `import sys, time, zmq\ncontext = zmq.Context()\nargs = sys.argv[1:]\n${source}`,
    ...args,
  ])

/** Compiles and starts a C program with CZMQ: the body of `main`, in which `args` are the arguments. */
export function czmq(body: string, ...args: string[]): Running {
  const folder = temporaryFolder()
  const [source, program] = [path.join(folder, "peer.c"), path.join(folder, "peer")]
  writeFileSync(source, `#include <czmq.h>\nint main(int argc, char **args) { args++;\n${body}\nreturn 0; }\n`)
  execFileSync("cc", [source, "-o", program, "-lczmq", "-lzmq"])
  return new Running(program, args)
}

/** An example of a verb, with free ports in place of its own. */
export async function withFreePorts(command: string): Promise<string> {
  const ports = new Map<string, number>()
  const servers: Server[] = []
  for (const [, port = ""] of command.matchAll(/tcp:\/\/127\.0\.0\.1:(\d+)/g)) {
    if (ports.has(port)) continue
    const server = createServer().listen(0, "127.0.0.1")
    await once(server, "listening")
    servers.push(server)
    ports.set(port, (server.address() as AddressInfo).port)
  }
  for (const server of servers) await new Promise((resolve) => server.close(resolve))
  return command.replace(/(?<=tcp:\/\/127\.0\.0\.1:)\d+/g, (port) => String(ports.get(port)))
}
