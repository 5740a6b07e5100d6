// Responses that wait for people, on the status page.

/** A response that runs once enough people have approved it. */
export interface ApprovalView {
  readonly id: string
  readonly rule: string
  /** The action of the allow-list. */
  readonly action: string
  /** Its arguments, as they would be used. */
  readonly parameters: Readonly<Record<string, string>>
  /** What the alert is about. */
  readonly subject: string
  /** When it was asked for, in milliseconds since 1970. */
  readonly since: number
  /** When it is refused unless enough people have approved it, in milliseconds since 1970. */
  readonly until: number
  /** How many people have to approve it. */
  readonly needed: number
  /** Who has. */
  readonly approvedBy: readonly string[]
}

/** What people can do with it. Each is an audit entry with who did it. */
export interface ApprovalSubject {
  /** Resolves to what became of it, in a sentence. Rejects if it does not wait, or if this person may not. */
  approve(id: string, who: string): Promise<string>
  refuse(id: string, who: string, why: string): Promise<string>
}
