/**
 * The durable link between two stores.
 *
 * @module ohmq-toolkit/link
 */

export type { Admission, Admitted, SessionInfo } from "./admission.js"
export { LinkError, type LinkErrorCode, type RefusalCode } from "./link-error.js"
export {
  LinkReceiver,
  type ReceiverEvents,
  type ReceiverStats,
  type Refusal,
  startReceiver,
} from "./receiver.js"
export type { ReceiverOptions } from "./receiver-options.js"
export { LinkSender, startSender } from "./sender.js"
export type { SenderOptions } from "./sender-options.js"
export type { SenderEvents, SenderStats } from "./sender-state.js"
