// The store of a queue on NATS JetStream, which several processes share.

import { dirname, resolve } from "node:path"
import type { z } from "zod"
import { checkPart, readText, WrittenConfig } from "../../config/index.js"
import { checkShared, type SharedConfig, sharedSchema } from "../../relay/nats/shared.js"
import { streamOptions } from "../../relay/store.js"
import type { ReplicatedStore } from "../../store/replicated/index.js"
import { UsageError } from "../usage.js"

/** Options of the command line. */
export interface SharedValues {
  jetstream?: string
  stream?: string
  replicas?: string
}

/** The options of a file, which are those of `store.jetstream` of a relay. */
function fromFile(file: string): SharedConfig {
  const written = new WrittenConfig(readText(file, {}), file, "servers and stream")
  const { document } = written
  const config = checkPart(document, sharedSchema, written.value)
  if (config) checkShared(config, written.folder, (path, message) => document.report(path, message))
  if (config === undefined || document.mistakes.length > 0) throw written.failure()
  return config
}

function fromAddresses(servers: string[], { stream, replicas }: SharedValues): SharedConfig {
  if (stream === undefined)
    throw new UsageError("--jetstream needs --stream NAME, which all processes of the queue share")
  const result = sharedSchema.safeParse({
    servers,
    stream,
    ...(replicas !== undefined && { replicas: Number(replicas) }),
  })
  if (!result.success) {
    const { path, message } = result.error.issues[0] as z.core.$ZodIssue
    throw new UsageError(`--${path[0] === "servers" ? "jetstream" : String(path[0])}: ${message}`)
  }
  checkShared(result.data, ".", (_, message) => {
    throw new UsageError(
      `--jetstream: ${message.replace("set insecure: true", "pass a file that says insecure: true")}`,
    )
  })
  return result.data
}

/** How the stream is reached, and the folder that paths are relative to. Undefined if the store is in files of its own. */
export function sharedConfig(values: SharedValues): { config: SharedConfig; folder: string } | undefined {
  const { jetstream, stream, replicas } = values
  if (jetstream === undefined) {
    if ((stream ?? replicas) !== undefined) throw new UsageError("--stream and --replicas need --jetstream SERVERS")
    return undefined
  }
  if (/^[a-z]+:\/\//.test(jetstream)) return { config: fromAddresses(jetstream.split(","), values), folder: "." }
  if ((stream ?? replicas) !== undefined)
    throw new UsageError(`--stream and --replicas belong in ${jetstream} as stream: and replicas:`)
  return { config: fromFile(jetstream), folder: dirname(resolve(jetstream)) }
}

/** Opens this process's copy. */
export async function openShared(
  path: string,
  { config, folder }: { config: SharedConfig; folder: string },
  onProblem: (problem: string) => void,
): Promise<ReplicatedStore> {
  // The client of NATS is loaded only by queues that use it.
  const { openReplicatedStore } = await import("../../store/replicated/index.js")
  // What the queue itself bounds, by --max-tasks, needs no second bound.
  const maxBytes = Number.POSITIVE_INFINITY
  return openReplicatedStore(path, { ...(await streamOptions(config, folder)), maxBytes, onProblem })
}
