// Peers of the command that are not ours: pyzmq and CZMQ.

import { execFileSync } from "node:child_process"
import { writeFileSync } from "node:fs"
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
