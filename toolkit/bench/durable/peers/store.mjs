// The store alone: producers and the consumer share its process, because a store belongs to one process.

import { join } from "node:path"
import { openStore } from "ohmq-toolkit/store"

let store

/** Opens the store of this process, and reads it to its end, again and again. */
export async function consumer({ folder }, took) {
  store = await openStore(join(folder, "consumer"))
  await store.addCursor("consumer")
  const end = new AbortController()
  const reading = (async () => {
    for await (const entries of store.read("consumer", { max: 1024, signal: end.signal })) {
      await store.commit("consumer", entries.at(-1).position)
      took(entries.length)
    }
  })()
  return {
    store,
    async close() {
      end.abort()
      await reading
      await store.close()
    },
  }
}

export const producer = async () => ({ publish: (frames) => store.append([{ frames }]), close: async () => {} })
