// What users import: all parts of the toolkit.

export * from "./events/index.js"
