import { recorded } from "./record.js"

export { record } from "./record.js"

export const test = (name, body) => Deno.test(name, recorded(name, body))
