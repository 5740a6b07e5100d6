// What users import: all parts of the toolkit.

export * from "./events/index.js"
export * from "./link/index.js"
export * from "./store/index.js"
