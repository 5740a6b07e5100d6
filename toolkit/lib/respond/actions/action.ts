// What actions are to the responder. Each kind is one file here, with its schema beside its code.

import type { z } from "zod"
import type { ComponentContext } from "../../relay/components.js"
import type { Parameter, Value } from "../parameters/parameter.js"

/** Whether something is done, or taken back. */
export type Run = "action" | "undo"

/** What is to be done now. All values were checked. */
export interface Order {
  /** The id of the response. */
  readonly id: string
  readonly rule: string
  readonly action: string
  readonly run: Run
  readonly parameters: Readonly<Record<string, Value>>
}

/** What a program printed. */
export interface Output {
  /** The bytes that came. */
  readonly bytes: number
  /** The SHA-256 of all of them, in hexadecimal digits. */
  readonly sha256: string
  /** The first of them, as text. */
  readonly text: string
}

/** How it went. `ambiguous`: it may have been done, or a part of it. */
export interface Result {
  readonly outcome: "done" | "failed" | "timed out" | "ambiguous"
  /** Why, if it is not done. */
  readonly reason?: string
  /** It has failed, but was cut off on the way: a part of it may have been done. */
  readonly isPartial?: true
  /** The exit code of a program. */
  readonly code?: number
  readonly output?: Output
}

/** Does one kind of thing. */
export interface Runner {
  start(): Promise<void>
  /**
   * Does it. Never takes much longer than the time limit.
   *
   * @param timeout In milliseconds.
   * @param stopped Ends it at once: the responder ends.
   * @throws Error if it could not be begun, so that nothing was done
   */
  run(order: Order, timeout: number, stopped: AbortSignal): Promise<Result>
  /** Nothing runs any more. */
  stop(): Promise<void>
}

/** A kind of action. */
export interface ActionKind<Config = unknown> {
  readonly schema: z.ZodType<Config>
  /**
   * What the schema cannot express: the option's path and the problem. No network.
   *
   * @param isHere Whether it is to run here, so that secrets are known and the user counts.
   */
  check?(
    config: Config,
    parameters: ReadonlyMap<string, Parameter>,
    isHere: boolean,
  ): [path: PropertyKey[], problem: string] | undefined
  /**
   * What would be done, in words: a program and its arguments.
   *
   * @throws Error if it cannot be done with these parameters
   */
  describe(config: Config, parameters: Readonly<Record<string, Value>>): string[]
  create(config: Config, context: ComponentContext): Runner | Promise<Runner>
}

/** Types a kind by its schema. */
export const actionKind = <Config>(kind: ActionKind<Config>): ActionKind => kind as unknown as ActionKind

/** What is done, or what takes it back. */
export interface Body {
  readonly type: string
  readonly kind: ActionKind
  readonly config: unknown
  /** In milliseconds. */
  readonly timeout: number
}

/** An action that rules can name. */
export interface Action {
  readonly name: string
  readonly parameters: ReadonlyMap<string, Parameter>
  /** At most this many run at a time, what undoes them included. */
  readonly concurrency: number
  /** Whether it may be done twice. */
  readonly isIdempotent: boolean
  readonly body: Body
  readonly undo: Body | undefined
  /** Changes if the action does. */
  readonly fingerprint: string
}
