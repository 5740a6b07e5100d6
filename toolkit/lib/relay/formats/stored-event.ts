// Events of the store.

import { decode, type Event } from "../../events/index.js"

const unlimited = { bytes: Number.POSITIVE_INFINITY, levels: Number.POSITIVE_INFINITY, trustSender: true }

/** The event in frames that are in the store, or on their way out of it: its limits were checked when it came in. */
export const storedEvent = (frames: readonly Uint8Array[]): Event => decode(frames, unlimited)
