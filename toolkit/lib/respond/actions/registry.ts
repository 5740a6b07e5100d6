// The kinds of actions.

import type { ActionKind } from "./action.js"
import { publishAction, webhookAction } from "./event-actions.js"
import { execAction } from "./exec.js"

export const actionKinds: Readonly<Record<string, ActionKind>> = {
  exec: execAction,
  publish: publishAction,
  webhook: webhookAction,
}
