// What an expression of a program can be worth, in so far as that stands in the program.

import { hole } from "../endpoints.js"
import type { Binding, Scope } from "./scope.js"
import { bare, inside, keyOf, listOf, type Node } from "./syntax.js"

/** An expression, and where its names have to be looked up. */
export interface Expression {
  readonly node: Node
  readonly scope: Scope
  /** Whether something that the program does not say may have taken its place: `{ linger: -1, ...options }`. */
  readonly isReplaceable?: boolean
}

/** Ends what refers to itself, and expressions that would take long. */
const maxDepth = 10
const maxTexts = 32

/** What a name, or a field of `this`, was declared as. */
export function bindingOf({ node, scope }: Expression): Binding | undefined {
  if (node.type === "Identifier") return scope.find(String(node.name))
  const isField = node.type === "MemberExpression" && inside(node, "object")?.type === "ThisExpression"
  return isField ? scope.ofClass?.find(`this.${keyOf(node, "property")}`) : undefined
}

/** The expression that a name has from the beginning, also if it is taken out of a list: `[a, b] = [1, 2]`. */
function initOf({ init, scope, path }: Binding): Expression | undefined {
  const [index] = path
  if (path.length === 0) return init && { node: bare(init) ?? init, scope }
  if (path.length > 1 || typeof index !== "number" || init?.type !== "ArrayExpression") return undefined
  const node = (init.elements as (Node | null)[])[index]
  return node ? { node: bare(node) ?? node, scope } : undefined
}

/** The expression behind a name that has one value only. */
export function resolve({ node, scope }: Expression): Expression {
  let at: Expression = { node: bare(node) ?? node, scope }
  for (let depth = 0; depth < maxDepth; depth++) {
    const binding = bindingOf(at)
    const init = binding && !binding.isOpen ? initOf(binding) : undefined
    if (init === undefined) return at
    at = init
  }
  return at
}

/** The texts that an expression can be, with a hole for each part that is not known. */
export function textsOf(expression: Expression, depth = 0): string[] {
  const node = bare(expression.node)
  if (node === undefined || depth > maxDepth) return [hole]
  const { scope } = expression
  const of = (name: string) => {
    const child = inside(node, name)
    return child ? textsOf({ node: child, scope }, depth + 1) : [hole]
  }
  switch (node.type) {
    case "Literal":
      return [String(node.value)]
    case "TemplateLiteral":
      return templateTexts(node, scope, depth)
    case "BinaryExpression":
      return node.operator === "+" ? joined(of("left"), of("right")) : [hole]
    case "LogicalExpression":
      return [...of("left"), ...of("right")].slice(0, maxTexts)
    case "ConditionalExpression":
      return [...of("consequent"), ...of("alternate")].slice(0, maxTexts)
    case "ArrayExpression":
      return listOf(node, "elements")
        .flatMap((element) => textsOf({ node: element, scope }, depth + 1))
        .slice(0, maxTexts)
    case "MemberExpression":
      // Where a socket of this program is bound: what connects to it stays on this machine.
      return [keyOf(node, "property") === "lastEndpoint" ? "inproc://" : hole]
    case "Identifier": {
      const binding = bindingOf({ node, scope })
      const init = binding && initOf(binding)
      if (init === undefined) return [hole]
      const own = textsOf(init, depth + 1)
      return binding?.isOpen ? [...own, hole] : own
    }
    default:
      return [hole]
  }
}

const joined = (left: readonly string[], right: readonly string[]): string[] =>
  left.flatMap((one) => right.map((other) => one + other)).slice(0, maxTexts)

function templateTexts(node: Node, scope: Scope, depth: number): string[] {
  const expressions = listOf(node, "expressions")
  let texts = [""]
  for (const [index, quasi] of listOf(node, "quasis").entries()) {
    texts = joined(texts, [String((quasi.value as { cooked: string | null }).cooked ?? hole)])
    const expression = expressions[index]
    if (expression) texts = joined(texts, textsOf({ node: expression, scope }, depth + 1))
  }
  return texts
}

/** The properties of an object, and whether it may have others. */
export interface Properties {
  readonly known: Map<string, Expression>
  readonly isOpen: boolean
}

/** The properties of an object that an expression makes. */
export function propertiesOf(expression: Expression | undefined, depth = 0): Properties {
  const known = new Map<string, Expression>()
  if (expression === undefined) return { known, isOpen: false }
  const { node, scope } = resolve(expression)
  if (node.type !== "ObjectExpression" || depth > maxDepth) return { known, isOpen: true }
  let isOpen = false
  for (const property of listOf(node, "properties")) {
    if (property.type === "SpreadElement") {
      const argument = inside(property, "argument")
      const spread = propertiesOf(argument && { node: argument, scope }, depth + 1)
      if (spread.isOpen) for (const [name, value] of known) known.set(name, { ...value, isReplaceable: true })
      for (const [name, value] of spread.known) known.set(name, value)
      isOpen ||= spread.isOpen
      continue
    }
    const name = keyOf(property, "key")
    const value = inside(property, "value")
    if (name === undefined || value === undefined) isOpen = true
    else known.set(name, { node: value, scope })
  }
  return { known, isOpen }
}

/** The value of an expression that is a literal, or the negative of one. */
export function literalOf(expression: Expression | undefined): unknown {
  if (expression === undefined) return undefined
  const { node } = resolve(expression)
  if (node.type === "UnaryExpression" && node.operator === "-") {
    const value = inside(node, "argument")?.value
    return typeof value === "number" ? -value : undefined
  }
  return node.type === "Literal" ? node.value : undefined
}
