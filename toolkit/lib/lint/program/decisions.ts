// Where a program decides by a text: comparisons, and tables of names.

import type { Binding, Scope } from "./scope.js"
import { walk } from "./scope.js"
import { bare, callOf, inside, keyOf, listOf, type Node } from "./syntax.js"
import { bindingOf, type Expression, literalOf, resolve } from "./values.js"

/** Methods of texts that compare them with another one. */
const comparing = new Set([
  "startsWith",
  "endsWith",
  "includes",
  "indexOf",
  "search",
  "match",
  "equals",
  "localeCompare",
])

/** Methods of tables that look something up. */
const lookups = new Set(["has", "get", "includes", "indexOf"])

/** Methods of tables that put something in. */
const puts = new Set(["add", "set", "push"])

/** What tables that say who may do what are called, if it does not stand in the program what they have. */
const rights =
  /admin|allow|acl|right|role|permission|privilege|grant|trust|operator|owner|member|users?$|den(y|ied)|block|ban/i

/** Whether an expression is a text that is not empty, a pattern, or bytes of a text. */
function isName({ node: given, scope }: Expression): boolean {
  const { node } = resolve({ node: given, scope })
  const value = literalOf({ node, scope })
  if (node.type === "Literal") return "regex" in node || (typeof value === "string" && value !== "")
  const { object, method } = callOf(node)
  const [first] = listOf(node, "arguments")
  return object?.name === "Buffer" && method === "from" && first !== undefined && isName({ node: first, scope })
}

/** What is in a table. */
type Content = "names" | "nothing" | "unknown"

/** The tables of a program. */
export class Tables {
  /** Those that the program fills with what senders are called: they say what it has to do with whom, such as sessions. */
  readonly #filled = new Set<Binding | string>()

  /** @param isClaim Whether an expression is what a sender chose. */
  constructor(tree: Node, isClaim: (expression: Expression) => boolean) {
    const fill = (table: Node | undefined, key: Node | undefined, scope: Scope) => {
      if (table && key && isClaim({ node: key, scope })) this.#filled.add(identityOf({ node: table, scope }))
    }
    walk(tree, (node, scope) => {
      const { object, method = "" } = callOf(node)
      if (puts.has(method)) fill(object, listOf(node, "arguments")[0], scope)
      const left = node.type === "AssignmentExpression" ? inside(node, "left") : undefined
      if (left?.type === "MemberExpression" && left.computed === true)
        fill(inside(left, "object"), inside(left, "property"), scope)
    })
  }

  /** Whether looking something up in a table is a decision: the program says which names it has, or it is called after rights. */
  decides({ node: given, scope }: Expression): boolean {
    const node = bare(given) ?? given
    if (this.#filled.has(identityOf({ node, scope }))) return false
    const binding = bindingOf({ node, scope })
    const init = binding?.path.length === 0 ? binding.init : undefined
    const content = contentOf(init && binding ? { node: init, scope: binding.scope } : { node, scope })
    if (content !== "unknown") return content === "names"
    const name = node.type === "MemberExpression" ? keyOf(node, "property") : node.name
    return rights.test(String(name ?? ""))
  }
}

/** What tells a table from others. */
function identityOf({ node: given, scope }: Expression): Binding | string {
  const node = bare(given) ?? given
  const name = node.type === "MemberExpression" ? keyOf(node, "property") : node.name
  return bindingOf({ node, scope }) ?? String(name ?? "")
}

/** What a table has from the beginning: a list, an object, a Set or a Map. */
function contentOf(expression: Expression, depth = 0): Content {
  const { node, scope } = resolve(expression)
  if (depth > 3) return "unknown"
  if (node.type === "ArrayExpression") {
    const elements = listOf(node, "elements")
    if (elements.length === 0) return "nothing"
    // An entry of a Map is a pair.
    const names = elements.map((one) => (one.type === "ArrayExpression" ? listOf(one, "elements")[0] : one))
    return names.some((one) => one && isName({ node: one, scope })) ? "names" : "unknown"
  }
  if (node.type === "ObjectExpression") return listOf(node, "properties").length > 0 ? "names" : "nothing"
  const [first] = listOf(node, "arguments")
  const isMade = node.type === "NewExpression" && /^(Weak)?(Set|Map)$/.test(String(inside(node, "callee")?.name))
  const { object, method = "" } = callOf(node)
  const isCopied = object?.name === "Object" && /^(freeze|seal|create|fromEntries|assign)$/.test(method)
  if (!isMade && !isCopied) return "unknown"
  const isNothing = first === undefined || (first.type === "Literal" && first.value === null)
  return isNothing ? "nothing" : contentOf({ node: first, scope }, depth + 1)
}

/** The expressions that a node decides by, if one of them is what a sender chose. */
export function decidedBy({ node, scope }: Expression, tables: Tables): Node[] {
  const isNamed = (one: Node | undefined) => one !== undefined && isName({ node: one, scope })
  const isTable = (one: Node | undefined) => one !== undefined && tables.decides({ node: one, scope })
  const [left, right] = [inside(node, "left"), inside(node, "right")]
  const listed: (Node | false | undefined)[] = []
  switch (node.type) {
    case "SwitchStatement":
      listed.push(listOf(node, "cases").some((one) => isNamed(inside(one, "test"))) && inside(node, "discriminant"))
      break
    case "BinaryExpression":
      if (/^[!=]==?$/.test(String(node.operator))) listed.push(isNamed(right) && left, isNamed(left) && right)
      else if (node.operator === "in") listed.push(isTable(right) && left)
      break
    case "MemberExpression":
      if (node.computed === true) listed.push(isTable(inside(node, "object")) && inside(node, "property"))
      break
    case "CallExpression": {
      const { object, method = "" } = callOf(node)
      const [first, second] = listOf(node, "arguments")
      if (comparing.has(method)) listed.push(isNamed(first) && object)
      if (lookups.has(method)) listed.push(isTable(object) && first)
      if (method === "test") listed.push(isNamed(object) && first)
      if (method === "hasOwn") listed.push(isTable(first) && second)
      if (method === "hasOwnProperty") listed.push(isTable(object) && first)
      break
    }
  }
  return listed.filter((one) => one !== undefined && one !== false)
}
