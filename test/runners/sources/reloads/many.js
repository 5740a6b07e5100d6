import { test } from "./adapter.js"
import { exchange, inproc, load } from "./load.js"

const copies = Array.from({ length: 30 }, () => load())

await test("thirty copies exchange messages, all at once", () =>
  Promise.all(copies.map((copy, index) => exchange(copy, copies[(index + 7) % copies.length]))))

await test("they share the default context", () =>
  Promise.all(copies.map((copy, index) => exchange(copy, copies[(index + 7) % copies.length], inproc()))))
