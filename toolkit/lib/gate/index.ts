// Gates: what is asked, what is answered, and the signatures of answers.

export { type GateAnswer, type GateDecision, type Outcome, outcomes, readAnswer, readDecision } from "./decision.js"
export { encodeRequest, type GateRequest, readRequest, requestProblem } from "./request.js"
export {
  decisionVerifier,
  predicateType,
  type SignedRequest,
  StatementError,
  signDecision,
  type VerifiedDecision,
  verifyDecision,
} from "./statement.js"
