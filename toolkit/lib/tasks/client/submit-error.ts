// Some of the tasks that were submitted were refused.

import { type Submitted, TaskError, type TaskErrorCode } from "../queue/index.js"

/** The queue has refused tasks. Those that it took are stored. */
export class SubmitError extends TaskError {
  /** What became of each task, in order. */
  readonly submitted: readonly Submitted[]

  constructor(submitted: readonly Submitted[]) {
    const refused = submitted.filter(({ status }) => status === "refused")
    const [first] = refused
    const count = refused.length === 1 ? "A task was refused" : `${refused.length} tasks were refused. The first one`
    super((first?.code ?? "INVALID") as TaskErrorCode, `${count}, ${first?.id}: ${first?.reason}`)
    this.submitted = submitted
  }
}
