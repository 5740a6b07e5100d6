// What `ohmq lint` looks for, a row each. docs/lint.md lists them in this order.

/** A rule. */
export interface Rule {
  /** How bad it is: what others can read or misuse is an error; what hangs or loses messages is a warning. */
  readonly level: "error" | "warning"
  /** What is wrong, in a few words. */
  readonly title: string
  /** What to do. */
  readonly advice: string
}

const table = {
  "public-bind": {
    level: "error",
    title: "a socket that other machines can reach, without encryption",
    advice: "Bind to 127.0.0.1 or ipc://, or use CURVE: security: { server, authenticator }",
  },
  "unencrypted-connect": {
    level: "error",
    title: "a connection to another machine, without encryption",
    advice: "Use CURVE: security: { client, serverKey }",
  },
  "plain-text": {
    level: "error",
    title: "PLAIN over a network: passwords and messages are sent as they are",
    advice: "Use CURVE, or PLAIN over ipc:// only",
  },
  "any-client": {
    level: "error",
    title: "a CURVE server that lets in every client that knows its public key",
    advice: "Use an authenticator: security: { server, authenticator: new Authenticator({ curve: FOLDER }) }",
  },
  "trusted-header": {
    level: "error",
    title: "a decision by what the sender of a message wrote itself",
    advice: "Decide by verifiedSender(message) of ohmq/security, or by sender in a configuration",
  },
  "no-timeout": {
    level: "warning",
    title: "a Request that waits for a reply for ever",
    advice: "Set receiveTimeout, or pass a signal to receive, and relaxed and correlate to ask again",
  },
  "no-linger": {
    level: "warning",
    title: "a socket that sends, without linger: the process does not exit while its peer is away",
    advice: "Set linger to how many milliseconds unsent messages may take, or close with close({ linger })",
  },
  "no-heartbeat": {
    level: "warning",
    title: "a connection without heartbeats: a peer that vanishes is not noticed",
    advice: "Set heartbeatInterval, such as 5000",
  },
  "bad-ignore": {
    level: "error",
    title: "a comment ohmq-lint-ignore that ignores nothing",
    advice: "Write: ohmq-lint-ignore RULE reason, on the line of the finding or the one before it",
  },
} as const satisfies Record<string, Rule>

/** The name of a rule. */
export type RuleId = keyof typeof table

/** The rules by their names. */
export const rules: Readonly<Record<RuleId, Rule>> = table
