// How tasks ended, as an exit code.

import type { Counts, TaskState } from "../../tasks/index.js"

/** 0 if all tasks finished, 1 if some did not. */
export function outcomeOf({ counts, states }: { counts?: Counts; states?: TaskState[] }): number {
  if (states) return states.every((state) => state === "finished") ? 0 : 1
  const { failed = 0, expired = 0, cancelled = 0 } = counts ?? ({} as Partial<Counts>)
  return failed + expired + cancelled === 0 ? 0 : 1
}
