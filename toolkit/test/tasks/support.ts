import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { openStore, type Store } from "ohmq-toolkit/store"
import {
  type CommandWorkerOptions,
  serveTasks,
  startCommandWorker,
  TaskClient,
  type TaskClientOptions,
  type TaskServer,
  type TaskServerOptions,
  Worker,
  type WorkerOptions,
} from "ohmq-toolkit/tasks"
import { onTestFinished } from "vitest"

/** A folder that is removed after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "ohmq-tasks-test-"))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A store that is closed after the test. */
export async function opened(
  folder = temporaryFolder(),
  options: Parameters<typeof openStore>[1] = {},
): Promise<Store> {
  const store = await openStore(folder, options)
  onTestFinished(() => store.close())
  return store
}

/** A queue that is closed after the test. */
export async function serving(store: Store, options: Partial<TaskServerOptions> = {}): Promise<TaskServer> {
  const server = await serveTasks(store, { bind: "tcp://127.0.0.1:*", ...options })
  onTestFinished(() => server.close())
  return server
}

export function clientOf(connect: string, options: Partial<TaskClientOptions> = {}): TaskClient {
  const client = new TaskClient({ connect, timeout: 10_000, ...options })
  onTestFinished(() => client.close())
  return client
}

/** A worker that is closed after the test, without waiting for what its handler does not end. */
export function workerOf<Input = unknown>(
  connect: string,
  options: Omit<WorkerOptions<Input>, "connect">,
): Worker<Input> {
  const worker = new Worker<Input>({ connect, ...options })
  onTestFinished(() => worker.close(0))
  return worker
}

export function commandOf(connect: string, command: string[], options: Partial<CommandWorkerOptions> = {}) {
  const worker = startCommandWorker({ connect, command, ...options })
  onTestFinished(() => worker.close(0))
  return worker
}

/** A queue with a client. */
export async function queued(options: Partial<TaskServerOptions> = {}) {
  const store = await opened()
  const server = await serving(store, options)
  return { store, server, client: clientOf(server.endpoint), connect: server.endpoint }
}

/** A promise with what settles it. */
export function deferred<T = void>() {
  let resolve: (value: T) => void = () => {}
  const promise = new Promise<T>((done) => {
    resolve = done
  })
  return { promise, resolve }
}

/** Waits until something holds. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await holds()); tries++) {
    if (tries > 1000) throw new Error("It does not come to hold")
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

/** The code of the error that a promise is rejected with, and its message. */
export async function failure(promise: Promise<unknown>): Promise<{ code: string; message: string }> {
  try {
    await promise
  } catch (error) {
    return { code: (error as { code: string }).code, message: (error as Error).message }
  }
  throw new Error("Expected a rejection")
}

/** All that an iteration has. */
export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const item of items) found.push(item)
  return found
}
