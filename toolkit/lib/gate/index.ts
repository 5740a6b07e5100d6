/**
 * Gates: a program asks, and one that may decide answers, signed if wanted.
 *
 * @module ohmq-toolkit/gate
 */

export {
  type AskedAnswer,
  type AskOptions,
  GateClient,
  type GateClientOptions,
  type GateQuestion,
  type GateRuling,
  type GateWait,
} from "./client.js"
export { type GateAnswer, type GateDecision, type Outcome, outcomes, readAnswer, readDecision } from "./decision.js"
export { GateError } from "./gate-error.js"
export { encodeRequest, type GateRequest, type RequestInit, readRequest, requestProblem } from "./request.js"
export {
  decisionVerifier,
  predicateType,
  type SignedDecision,
  type SignedRequest,
  StatementError,
  signDecision,
  type VerifiedDecision,
  verifyDecision,
} from "./statement.js"
export type { AskEvents, ShownRequest } from "./talk.js"
