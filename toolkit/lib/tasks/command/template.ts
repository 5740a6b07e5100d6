// The command line of a command worker: an array of arguments, in which placeholders stand for the input. There is no shell.

import { TaskError } from "../queue/index.js"
import { TaskFailure } from "../worker/task-failure.js"

/**
 * `{}` is the whole input, `{dir}` a folder for the attempt, `{id}` the id of the task, and `{name}` a field of an input that is an object. Fields that are named
 * `dir` or `id` have no placeholder: what a command gets as an id or a folder must not be up to who submits the task.
 */
const placeholder = /\{([A-Za-z_][\w-]*)?\}/g

/** What placeholders stand for. */
export interface Values {
  input: unknown
  id: string
  dir: string
}

const refuse = (message: string) => new TaskFailure(message, { retry: false })

/** A value as an argument. Objects become JSON. */
export function textOf(value: unknown): string {
  if (typeof value === "string") return value
  return value === null || value === undefined ? "" : JSON.stringify(value)
}

/** Arguments with placeholders. */
export class Template {
  readonly #args: readonly string[]
  readonly #allowsOptions: boolean

  /**
   * @param allowsOptions Whether a value that begins with "-" may stand where the command could take it for an option.
   * @throws TaskError `INVALID`
   */
  constructor(args: readonly string[], allowsOptions = false) {
    if (args.length === 0 || args[0] === "") throw new TaskError("INVALID", "Expected a command with its arguments")
    if (/\{([A-Za-z_][\w-]*)?\}/.test(args[0] as string))
      throw new TaskError("INVALID", `The command itself cannot have a placeholder: ${args[0]}`)
    this.#args = args
    this.#allowsOptions = allowsOptions
  }

  get command(): string {
    return this.#args[0] as string
  }

  /** Whether any argument has the input, or a part of it. */
  get hasInput(): boolean {
    return this.#args.some((arg) => [...arg.matchAll(placeholder)].some(([, name]) => name !== "dir" && name !== "id"))
  }

  /**
   * The arguments for a task.
   *
   * @throws TaskFailure that is not tried again, if the input does not fit
   */
  expand(values: Values): string[] {
    let isBehindDashes = false
    return this.#args.map((arg) => {
      if (arg === "--") isBehindDashes = true
      const expanded = expandText(arg, values)
      // Whoever submits tasks must not be able to give the command options.
      const isInjected = /^\{/.test(arg) && expanded !== arg && expanded.startsWith("-")
      if (isInjected && !isBehindDashes && !this.#allowsOptions)
        throw refuse(
          `The input begins with "-", and ${this.command} could take it for an option. Put -- before the placeholder, if the command knows that, or allow it: --allow-options`,
        )
      return expanded
    })
  }
}

/** A text with its placeholders replaced. */
export function expandText(text: string, { input, id, dir }: Values): string {
  const expanded = text.replace(placeholder, (whole, name: string | undefined) => {
    if (name === undefined) return textOf(input)
    if (name === "dir") return dir
    if (name === "id") return id
    const fields = typeof input === "object" && input !== null && !Array.isArray(input) ? input : {}
    if (!Object.hasOwn(fields, name))
      throw refuse(`The command has ${whole}, but the input is not an object with "${name}"`)
    return textOf((fields as Record<string, unknown>)[name])
  })
  if (expanded.includes("\0")) throw refuse("The input has a zero byte, which no argument can have")
  return expanded
}
