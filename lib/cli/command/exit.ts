// How a command ends: the exit codes, and the errors that carry them.

/** The exit codes; 128 and the number of the signal if one ended the command. */
export const Exit = {
  done: 0,
  failed: 1,
  usage: 2,
  timedOut: 3,
  refused: 4,
  interrupted: 130,
  terminated: 143,
} as const

/** An error for the user: its message is printed without a stack, and its code ends the command. */
export class CommandError extends Error {
  readonly exitCode: number

  constructor(message: string, exitCode: number = Exit.failed) {
    super(message)
    this.exitCode = exitCode
  }
}

/** The command line is wrong. */
export class UsageError extends CommandError {
  /** The verb whose help explains it. */
  verb?: string

  constructor(message: string) {
    super(message, Exit.usage)
  }
}

/** Something did not happen in time. */
export class TimeoutError extends CommandError {
  constructor(message: string) {
    super(message, Exit.timedOut)
  }
}

/** A peer refused this side, or this side has no right to something. */
export class RefusedError extends CommandError {
  constructor(message: string) {
    super(message, Exit.refused)
  }
}
