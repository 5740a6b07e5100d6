import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Entry, NewEvent, ReadOptions, Store, StoreError } from "ohmq-toolkit/store"
import { openStore } from "ohmq-toolkit/store"
import { onTestFinished } from "vitest"

/** A folder that is removed after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "ohmq-store-"))
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

export const event = (text: string, sender?: string): NewEvent => ({ frames: [Buffer.from(text)], sender })

/** An event with a number and some bytes behind it. */
export const numbered = (number: number, bytes = 0): NewEvent => ({
  frames: [Buffer.from(String(number)), Buffer.alloc(bytes, number)],
})

export const textOf = ({ gap, frames }: Entry): string =>
  gap ? `${gap.reason} ${gap.from}-${gap.to}` : String(frames[0])

/** All entries that a cursor has before it. */
export async function entries(store: Store, cursor: string, options: ReadOptions = {}): Promise<Entry[]> {
  const all: Entry[] = []
  for await (const batch of store.read(cursor, { follow: false, ...options })) all.push(...batch)
  return all
}

export const texts = async (store: Store, cursor: string, options?: ReadOptions): Promise<string[]> =>
  (await entries(store, cursor, options)).map(textOf)

/** The code of the error that a promise is rejected with, and its message. */
export async function failure(promise: Promise<unknown>): Promise<{ code: string; message: string }> {
  try {
    await promise
  } catch (error) {
    return { code: (error as StoreError).code, message: (error as Error).message }
  }
  throw new Error("Expected a rejection")
}
