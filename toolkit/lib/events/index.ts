/**
 * Events: CloudEvents with the types of security work.
 *
 * @module ohmq-toolkit/events
 */

export { checkAttribute, checkEvent, defaultLimits, type Limits } from "./check.js"
export {
  type Accepted,
  type AcceptOptions,
  accept,
  acceptJson,
  amend,
  dataBytes,
  decode,
  encode,
  withDataBytes,
  withSender,
} from "./codec.js"
export { createEvent, type EventInit } from "./create.js"
export { EventError, type EventErrorCode, eventErrors } from "./error.js"
export {
  type Attributes,
  type AttributeValue,
  type Event,
  eventTypePrefixes,
  eventTypes,
  type Stored,
  senderAttribute,
  specversion,
} from "./event.js"
export type { Finding, FindingLocation, Level, SarifParts, Severity } from "./findings/finding.js"
export { type FromSarifOptions, fromSarif } from "./findings/from-sarif.js"
export { type OcsfEvent, ocsfVersion, toOcsf } from "./findings/ocsf.js"
export type { SarifLog } from "./findings/sarif.js"
export { isFinding, toSarif } from "./findings/to-sarif.js"
export { isJson as isJsonType } from "./syntax.js"
