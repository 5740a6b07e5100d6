// The journal of the queue in a store.

export { clean, needsCleaning } from "./cleaner.js"
export { CURSOR, Journal } from "./journal.js"
export { readValues, type Values } from "./results.js"
