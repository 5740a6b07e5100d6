// Events: CloudEvents with the types of security work.

export { checkEvent, defaultLimits, type Limits } from "./check.js"
export {
  type Accepted,
  type AcceptOptions,
  accept,
  acceptJson,
  amend,
  dataBytes,
  decode,
  encode,
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
