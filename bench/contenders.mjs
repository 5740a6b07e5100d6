// Who is measured: a command, and which workloads it can do.

import path from "node:path"

const program = (name) => [process.execPath, path.join(import.meta.dirname, "contenders", name)]

const zmq = program("zmq.mjs")
const everyRole = () => ({})

export const contenders = [
  {
    name: "C++",
    about: "libzmq itself, the same static library",
    command: () => [path.join(import.meta.dirname, "../build/bench/baseline")],
    values: ({ roles, values }) =>
      ["pairs", "router"].includes(roles[0]) || values.kind === "string" ? undefined : {},
  },
  { name: "ohmq", about: "`await send`, `for await`", command: () => zmq, values: everyRole },
  {
    name: "ohmq, batches",
    about: "`sendMany`, `batches`",
    command: () => zmq,
    values: ({ group, roles }) => (group === "one-way" && roles[0] !== "pairs" ? { api: "batch" } : undefined),
  },
  {
    name: "zeromq",
    about: "zeromq 6.8.0, the same program",
    command: () => zmq,
    values: () => ({ package: "zeromq" }),
  },
]
