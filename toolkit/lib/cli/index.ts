/**
 * The verbs that the `ohmq` command finds in this package.
 *
 * @module ohmq-toolkit/cli
 */

import process from "node:process"

/** A verb loads what it needs, and no more: a command is to start fast. */
const loaders: Readonly<Record<string, () => Promise<(args: readonly string[]) => Promise<number>>>> = {
  audit: async () => (await import("./audit.js")).audit,
  emit: async () => (await import("./ci/emit.js")).emit,
  gate: async () => (await import("./ci/gate.js")).gate,
  lint: async () => (await import("./lint.js")).lint,
  relay: async () => (await import("./relay.js")).relay,
  respond: async () => (await import("./respond.js")).respond,
  store: async () => (await import("./store.js")).store,
  tasks: async () => (await import("./tasks/tasks.js")).tasks,
}

/** The names of the verbs. */
export const verbs: readonly string[] = Object.keys(loaders)

/** Runs a verb, and resolves to the exit code. */
export async function run(verb: string, args: readonly string[]): Promise<number> {
  const load = Object.hasOwn(loaders, verb) ? loaders[verb] : undefined
  // A relay and a responder take SIGHUP for a reload, at any time. While their code is loaded there is nothing to reload.
  if ((verb === "relay" || verb === "respond") && args[0] === "run") process.on("SIGHUP", () => {})
  if (load === undefined) throw new Error(`Unknown verb "${verb}"`)
  return (await load())(args)
}
