// The kinds of actions.

import type { ActionKind } from "./action.js"
import { publishAction, webhookAction } from "./event-actions.js"
import { execAction } from "./exec.js"
import { taskAction } from "./task.js"

export const actionKinds: Readonly<Record<string, ActionKind>> = {
  exec: execAction,
  publish: publishAction,
  task: taskAction,
  webhook: webhookAction,
}
