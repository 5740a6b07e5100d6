/**
 * The durable store: an append-only log of events, with cursors.
 *
 * @module ohmq-toolkit/store
 */

export { type FactEntry, type FactLetter, type FactOptions, readFacts, type StoreFacts } from "./facts.js"
export { type Damage, DamageError, StoreError, type StoreErrorCode } from "./log/errors.js"
export { backupStore, checkStore, type OnProgress } from "./maintenance.js"
export { compactStore, openStore, repairStore } from "./opening.js"
export type { StoreOptions } from "./options.js"
export type {
  AppendOptions,
  CheckReport,
  CursorStats,
  DeadLetter,
  Entry,
  Gap,
  NewEvent,
  Position,
  ReadOptions,
  Selection,
  Store,
  StoreStats,
  WhenFull,
} from "./store.js"
