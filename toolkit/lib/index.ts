/**
 * Events, the store and the link in one import.
 *
 * @module ohmq-toolkit
 */

export * from "./events/index.js"
export * from "./link/index.js"
export * from "./store/index.js"
