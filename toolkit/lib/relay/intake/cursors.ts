// The names of the cursors that are for no sink.

/** No sink has such a name: it has a dot. */
const prefix = "relay.start."

/** The cursor of what a new sink with `from: start` is still to get of the time before it. */
export const backfillOf = (sink: string): string => prefix + sink

/** Whether a cursor is one of those. */
export const isBackfill = (cursor: string): boolean => cursor.startsWith(prefix)
