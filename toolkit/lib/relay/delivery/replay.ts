// Dead letters go to their sink again: as they are, or changed by the route that could not change them before.

import type { DeadLetter, Selection, Store } from "../../store/index.js"
import { storedEvent } from "../formats/stored-event.js"
import { decodeTag, encodeTag } from "../intake/tags.js"
import { type Route, release } from "../routes/route.js"

/** What became of a sink's dead letters. */
export interface Replayed {
  /** How many are delivered again. */
  readonly replayed: number
  /** How many stay, because their route still cannot change them. */
  readonly held: number
  /** Why the first of those stays. */
  readonly reason?: string
}

/** Gives a sink its dead letters again: all of them, by default. One that a route has to change first is stored anew, as the route leaves it now. */
export async function replay(
  store: Store,
  sink: string,
  routes: readonly Route[],
  selection: Selection = {},
): Promise<Replayed> {
  const plain: number[] = []
  let replayed = 0
  let held = 0
  let reason: string | undefined
  for await (const letter of store.deadLetters(sink, selection)) {
    const { id, frames, sender } = letter
    const tag = decodeTag(frames[0])
    if (tag.held === undefined) {
      plain.push(id)
      continue
    }
    try {
      const changed = released(routes, tag.held, letter)
      const event = { frames: [encodeTag({ source: tag.source, sinks: [sink] }), ...changed], sender }
      await store.append([event])
      // If the process ends here, the sink gets the event twice.
      replayed += await store.discard(sink, { ids: [id] })
    } catch (error) {
      held++
      reason ??= (error as Error).message
    }
  }
  if (plain.length > 0) replayed += await store.replay(sink, { ids: plain })
  return { replayed, held, ...(reason !== undefined && { reason }) }
}

function released(routes: readonly Route[], name: string, { frames: [, ...frames], sender }: DeadLetter) {
  const event = storedEvent(frames)
  return release(routes, name, { event, frames, ...(sender !== undefined && { sender }) })
}
