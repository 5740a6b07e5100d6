// Why an event is refused.

/** What each code means. The page docs/wire.md has the same table, and a test compares the two. */
export const eventErrors = {
  frames: "The message does not have two or three frames",
  "too-large": "The event is larger than the limit",
  "too-deep": "The envelope is nested deeper than the limit",
  "not-utf8": "The envelope is not valid UTF-8",
  "not-json": "The envelope is not valid JSON",
  "not-object": "The envelope is not a JSON object",
  "duplicate-attribute": "An attribute appears twice",
  "missing-attribute": "A required attribute is missing",
  "attribute-name": "The name of an attribute has other characters than a-z and 0-9, or is empty",
  "attribute-value": "The value of an attribute has the wrong type or syntax",
  "reserved-attribute": "A program has set an attribute that only receivers set",
  specversion: "The version of CloudEvents is not 1.0",
  "type-mismatch": "The first frame is not the type in the envelope",
  "data-conflict": "The event has its data more than once",
  "data-invalid": "The data is not what its content type says, or JSON cannot express it",
} as const

/** The codes of {@link EventError}. */
export type EventErrorCode = keyof typeof eventErrors

/** An event was refused. Match on `code`; `reason` names the attribute or place, what was expected, and what came. */
export class EventError extends Error {
  override readonly name = "EventError"
  readonly code: EventErrorCode
  readonly reason: string

  constructor(code: EventErrorCode, reason: string) {
    super(reason)
    this.code = code
    this.reason = reason
  }
}

/** Text from outside, for an error: quoted, and short. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}...` : text)
}
