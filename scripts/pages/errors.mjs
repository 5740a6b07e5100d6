// The text of docs/errors.md, from the table of error codes.

import * as codes from "./error-codes.mjs"

const escaped = (text) => text.replaceAll("|", "\\|")
const code = (text) => (text === "" ? "" : `\`${text}\``)

/** A table whose first column has codes. */
const table = (heads, rows) =>
  [heads, heads.map(() => "---"), ...rows.map(([first, ...rest]) => [code(first), ...rest])]
    .map((cells) => `| ${cells.map(escaped).join(" | ")} |`)
    .join("\n")

const detailed = ["code", "message", "when", "what to do"]

/** The text of the page. */
export const errorsDoc = () => `# Errors

Match errors by \`code\`, not by message. Errors of libzmq and the system also have \`errno\`, the number of the code on this platform. Errors of
\`bind\`, \`unbind\`, \`connect\` and \`disconnect\` have \`address\`; if a constructor could not set an option, \`option\` names it. Some have a
\`reason\`: with \`EAGAIN\` it is "timeout" or "closed", with an invalid address it says what is wrong. An empty code in the tables repeats the
one above.

Invalid arguments throw a TypeError or RangeError without a code, which names the argument, what was expected and what came. Invalid arguments,
\`EBADF\` and \`EBUSY\` throw at once; other errors reject the promise.

## Sending and receiving

${table(detailed, codes.operations)}

## Endpoints

${table(detailed, codes.endpoints)}

## Options, security settings and contexts

${table(detailed, codes.settings)}

## Loading, codecs and aborting

${table(["code", "when", "what to do"], codes.others)}

## Failed handshakes

The event \`handshake:error:protocol\` has an \`error\` with one of these codes. Often both sides report it.

${table(["code", "meaning"], codes.handshakes)}

The event \`handshake:error:auth\` on a client has an \`error\` with the server's \`status\`:

${table(["status", "message", "when", "what to do"], codes.statuses)}

## Certificates and authentication

Errors of \`ohmq/security\`:

${table(["code", "when", "what to do"], codes.security)}

## Signed messages

\`Verifier.verify\` rejects with an EnvelopeError, which says no more than its code, because the sender may read it. See
[signed-messages.md](signed-messages.md).

${table(["code", "when"], codes.envelopes)}

## Warnings

Warnings come through \`process.emitWarning\`. To silence one with a code, use \`node --disable-warning=OHMQ_PLAINTEXT\` (Node 21.3 or later).

${table(["code", "warning", "what to do"], codes.warnings)}

## Other errors of the system

These come from the operating system, mostly as the \`error\` of the events \`accept:error\`, \`bind:error\`, \`close:error\` and
\`handshake:error:other\`, or from reading files. A code that ohmq does not know is \`E\` and its number.

${table(["code", "meaning"], codes.system)}
`
