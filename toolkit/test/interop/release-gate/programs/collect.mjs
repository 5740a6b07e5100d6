// Loaded into every program of the gate: collects its garbage every few seconds, so that the memory of a process is what it holds. V8 alone may wait for longer than
// a process lives here.

import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"

setFlagsFromString("--expose-gc")
setInterval(runInNewContext("gc"), 5000).unref()
