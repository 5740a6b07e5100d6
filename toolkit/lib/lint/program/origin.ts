// Which module a value comes from.

import type { Origin } from "./scope.js"
import { bare, inside, keyOf, listOf } from "./syntax.js"
import { bindingOf, type Expression } from "./values.js"

/** What compilers and bundlers wrap `require` in: `__importStar(require("a"))`, `__toESM(require("a"), 1)`. */
const wrapper = /^_*(import(Star|Default)|toESM|interop\w*)$/

/** Ends what refers to itself. */
const maxDepth = 10

/** What is taken out of a module, or out of its default, which is the module itself in CommonJS. */
function memberOf(origin: Origin | undefined, name: string | number): Origin | undefined {
  const isModule = origin?.name === "*" || origin?.name === "default"
  return isModule ? { module: origin.module, name: String(name) } : undefined
}

/** The module that an expression comes from, by `import`, `require` or another name for one of them. */
export function originOf({ node: given, scope }: Expression, depth = 0): Origin | undefined {
  const node = bare(given)
  if (node === undefined || depth > maxDepth) return undefined
  const binding = node.type === "Identifier" ? bindingOf({ node, scope }) : undefined
  if (binding) {
    const { from, init, scope: inner, path } = binding
    const own = init && originOf({ node: init, scope: inner }, depth + 1)
    return from ?? path.reduce(memberOf, own)
  }
  if (node.type === "MemberExpression") {
    const [object, key] = [inside(node, "object"), keyOf(node, "property")]
    return object && key !== undefined ? memberOf(originOf({ node: object, scope }, depth + 1), key) : undefined
  }
  const [first] = listOf(node, "arguments")
  const callee = node.type === "CallExpression" ? inside(node, "callee") : undefined
  const name = callee?.name ?? (callee && keyOf(callee, "property"))
  if (first && wrapper.test(String(name))) return originOf({ node: first, scope }, depth + 1)
  const source = node.type === "ImportExpression" ? inside(node, "source") : name === "require" ? first : undefined
  return typeof source?.value === "string" ? { module: source.value, name: "*" } : undefined
}
