// Makes events.

import { randomUUID } from "node:crypto"
import { checkEvent, type Limits } from "./check.js"
import { type Attributes, type Event, specversion } from "./event.js"

/** What an event is made of. `id` and `time` are set unless given. */
export type EventInit<Data = unknown> = Pick<Attributes, "source" | "type"> &
  Partial<Attributes> & { readonly data?: Data }

/**
 * Makes an event, with a random `id` and the current `time` unless they are given.
 *
 * @throws {@link EventError} if an attribute or the data is invalid
 */
export function createEvent<Data = unknown>(init: EventInit<Data>, limits?: Partial<Limits>): Event<Data> {
  const { id = randomUUID(), source, type, time = new Date().toISOString(), ...rest } = init
  // The data comes last, so that whoever reads an event sees first what it is.
  const { data, ...extensions } = rest
  return checkEvent({ specversion, id, source, type, time, ...extensions, data }, limits) as Event<Data>
}
