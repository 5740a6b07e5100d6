// The responder: alerts start allowed and recorded actions.

export { ConfigError, type Mistake } from "../config/index.js"
export type { Action, Order, Output, Result, Run } from "./actions/action.js"
export { ApprovalError } from "./approvals.js"
export { parseRules, type RespondConfig, readRules } from "./configuration/configuration.js"
export { respondSchema } from "./configuration/reference.js"
export { type Asker, askerOf, type ControlAnswer, type ControlRequest, endpointOf } from "./control.js"
export type { AuditTrail } from "./journal/journal.js"
export type { Response, Status } from "./journal/response.js"
export { Responder, type ResponderOptions } from "./responder.js"
export { runRuleTests } from "./trial/trial.js"
