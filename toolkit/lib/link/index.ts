// The durable link between two stores.

export { LinkError, type LinkErrorCode, type RefusalCode } from "./link-error.js"
export {
  LinkReceiver,
  type ReceiverEvents,
  type ReceiverStats,
  type Refusal,
  type SessionInfo,
  startReceiver,
} from "./receiver.js"
export type { ReceiverOptions } from "./receiver-options.js"
export { LinkSender, type SenderEvents, type SenderStats, startSender } from "./sender.js"
export type { SenderOptions } from "./sender-options.js"
