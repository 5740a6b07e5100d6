/**
 * The responder: alerts start allowed and recorded actions.
 *
 * @module ohmq-toolkit/respond
 */

export { ConfigError, type Mistake } from "../config/index.js"
export type { Run } from "./actions/action.js"
export { ApprovalError } from "./approvals.js"
export { parseRules, type RespondConfig, readRules } from "./configuration/configuration.js"
export { type ResponderPlace, readPlace } from "./configuration/place.js"
export { respondSchema } from "./configuration/reference.js"
export type { AuditTrail } from "./journal/journal.js"
export type { Response, Status } from "./journal/response.js"
export type { Cause } from "./journal/steps.js"
export type { Value } from "./parameters/parameter.js"
export { Responder, type ResponderOptions } from "./responder.js"
export { runRuleTests } from "./trial/trial.js"
