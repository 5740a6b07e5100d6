// Which declaration a name in a program means.

import { below, inside, keyOf, listOf, type Node } from "./syntax.js"

/** What a name was declared as. */
export interface Binding {
  /** The expression that it has from the beginning. */
  readonly init: Node | undefined
  /** Where that stands. */
  readonly scope: Scope
  /** How the value is found in that expression: the names and indexes that a pattern takes it by. */
  readonly path: readonly (string | number)[]
  /** Whether it may have another value: it is a variable, a parameter, or a part of a pattern. */
  readonly isOpen: boolean
  /** What an `import` says that it is. */
  readonly from: Origin | undefined
}

/** The module and the name in it that something comes from; the name is `*` for the module itself. */
export interface Origin {
  readonly module: string
  readonly name: string
}

const functions = new Set(["FunctionDeclaration", "FunctionExpression", "ArrowFunctionExpression"])
const scoped = new Set([
  ...functions,
  "Program",
  "BlockStatement",
  "ClassBody",
  "ForStatement",
  "ForOfStatement",
  "ForInStatement",
  "SwitchStatement",
  "CatchClause",
])

/** In the path of a binding: an element that a loop takes. */
export const ofLoop = -1

/** Names and what they mean, within a function, a block or a class. */
export class Scope {
  readonly parent: Scope | undefined
  readonly isClass: boolean
  readonly #names = new Map<string, Binding>()

  constructor(parent: Scope | undefined, node: Node) {
    this.parent = parent
    this.isClass = node.type === "ClassBody"
    if (functions.has(node.type))
      for (const parameter of listOf(node, "params")) this.#declare(parameter, undefined, [])
    this.#hoist(node)
    // What a loop takes from a socket is named as an element of it.
    const [declarator] = node.type === "ForOfStatement" ? listOf(inside(node, "left") ?? node, "declarations") : []
    if (declarator) this.#declare(inside(declarator, "id"), inside(node, "right"), [ofLoop])
  }

  /** Whether a node has a scope of its own. */
  static has = (node: Node): boolean => scoped.has(node.type)

  find(name: string): Binding | undefined {
    return this.#names.get(name) ?? this.parent?.find(name)
  }

  /** The scope of the class that `this` is an object of. */
  get ofClass(): Scope | undefined {
    return this.isClass ? this : this.parent?.ofClass
  }

  /** Declares what stands directly in a node: not what has a scope of its own. */
  #hoist(node: Node): void {
    for (const child of below(node)) {
      if (child.type === "ImportDeclaration") this.#import(child)
      if (child.type === "TSImportEqualsDeclaration") this.#importEquals(child)
      if (child.type === "VariableDeclarator") {
        this.#declare(inside(child, "id"), inside(child, "init"), [], node.kind === "let" || node.kind === "var")
      }
      if (child.type === "PropertyDefinition" && this.isClass) {
        const name = keyOf(child, "key")
        if (name !== undefined) this.#add(`this.${name}`, inside(child, "value"), [], child.readonly !== true)
      }
      if (!Scope.has(child)) this.#hoist(child)
    }
  }

  #import(declaration: Node): void {
    const module = String(inside(declaration, "source")?.value)
    for (const specifier of listOf(declaration, "specifiers")) {
      const imported = inside(specifier, "imported")
      const name = imported ? String(imported.name ?? imported.value) : "*"
      const local = String(inside(specifier, "local")?.name)
      this.#names.set(local, { init: undefined, scope: this, path: [], isOpen: false, from: { module, name } })
    }
  }

  /** `import zmq = require("zeromq")` of TypeScript. */
  #importEquals(declaration: Node): void {
    const reference = inside(declaration, "moduleReference")
    const module = reference && inside(reference, "expression")?.value
    if (typeof module !== "string") return
    const local = String(inside(declaration, "id")?.name)
    this.#names.set(local, { init: undefined, scope: this, path: [], isOpen: false, from: { module, name: "*" } })
  }

  #declare(pattern: Node | undefined, init: Node | undefined, path: (string | number)[], isOpen = false): void {
    if (pattern?.type === "Identifier") this.#add(String(pattern.name), init, path, isOpen)
    if (pattern?.type === "AssignmentPattern") {
      const left = inside(pattern, "left")
      // What it has unless it is given another value.
      if (left?.type === "Identifier") this.#add(String(left.name), inside(pattern, "right"), [], true)
      else this.#declare(left, init, path, isOpen)
    }
    if (pattern?.type === "ObjectPattern")
      for (const property of listOf(pattern, "properties")) {
        const key = property.type === "Property" ? keyOf(property, "key") : undefined
        if (key !== undefined) this.#declare(inside(property, "value"), init, [...path, key], isOpen)
      }
    if (pattern?.type === "ArrayPattern")
      for (const [index, element] of (pattern.elements as (Node | null)[]).entries())
        this.#declare(element ?? undefined, init, [...path, index], isOpen)
  }

  #add(name: string, init: Node | undefined, path: (string | number)[], isOpen: boolean): void {
    this.#names.set(name, { init, scope: this, path, isOpen, from: undefined })
  }
}

/** A scope is made once, so that what is known of its names can be kept by them. */
const made = new WeakMap<Node, Scope>()

function scopeOf(node: Node, parent: Scope | undefined): Scope {
  const scope = made.get(node) ?? new Scope(parent, node)
  made.set(node, scope)
  return scope
}

/** Calls back for each node of a program, with the scope that it stands in. */
export function walk(node: Node, visit: (node: Node, scope: Scope) => void, parent?: Scope): void {
  const scope = parent === undefined || Scope.has(node) ? scopeOf(node, parent) : parent
  visit(node, scope)
  for (const child of below(node)) walk(child, visit, scope)
}
