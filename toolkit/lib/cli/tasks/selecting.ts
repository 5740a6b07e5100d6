// Which tasks a command is about.

import { suggestion } from "../../config/index.js"
import { type TaskSelection, type TaskState, taskStates } from "../../tasks/index.js"
import { UsageError } from "../usage.js"

export const selectOptions = ["name", "batch", "state"] as const

export const selectHelp = `
  ID...                 these tasks
  --name NAME           tasks of this named queue
  --batch BATCH         tasks of this batch
  --state STATE,...     tasks in one of these states`

type Given = Partial<Record<(typeof selectOptions)[number], string>>

function statesOf(text: string): TaskState[] {
  return text.split(",").map((one) => {
    if ((taskStates as readonly string[]).includes(one)) return one as TaskState
    throw new UsageError(`--state: Unknown value "${one}".${suggestion(one, taskStates)}`)
  })
}

/** The selection of the arguments. */
export function selectionOf(ids: readonly string[], { name, batch, state }: Given): TaskSelection {
  return {
    ...(ids.length > 0 && { ids }),
    ...(name !== undefined && { queue: name }),
    ...(batch !== undefined && { batch }),
    ...(state !== undefined && { states: statesOf(state) }),
  }
}

/** The same, where a command must not be about everything by oversight. */
export function requiredSelection(ids: readonly string[], values: Given, all: boolean | undefined): TaskSelection {
  const selection = selectionOf(ids, values)
  const isEmpty = Object.keys(selection).length === 0
  if (isEmpty && !all) throw new UsageError("Expected ids of tasks, --name, --batch or --state; or --all")
  if (!isEmpty && all) throw new UsageError("--all and other tasks exclude each other")
  return selection
}
