// What attackers try with alerts, and what happens. attacks.test.ts tries each; `npm run pages` writes the table in docs/respond.md.

/** @type {{ attack: string, happens: string, test: string }[]} */
export const attacks = [
  {
    attack: "Shell metacharacters in a value: `;`, `$(…)`, backquotes, `|`, `&&`, quotes, `*`",
    happens:
      "There is no shell. A parameter with a type refuses them; in `text`, the program gets them as they are, in one argument",
    test: "shell metacharacters",
  },
  {
    attack: "Line breaks, NUL, escape sequences of terminals, characters that turn the direction of text",
    happens: "Refused in every type. What an event says is shown with them escaped",
    test: "control characters",
  },
  {
    attack: "A value that begins with `-`, to become an option of the program",
    happens: "Refused, unless the configured argument itself begins with `-`, as in `--name={name}`",
    test: "option injection",
  },
  {
    attack: "A value such as `{other}` or `{{other}}`, to pull in another value",
    happens: "Values are put in once: it stays text",
    test: "template injection",
  },
  {
    attack: "`../`, absolute paths, links that lead out of the root, files that are not there, devices",
    happens: "Refused. The program gets the path with all links followed",
    test: "path traversal and links",
  },
  {
    attack: "A link that is turned to another file between the decision and the run",
    happens: "The path is checked again before the run: refused",
    test: "a link that changes",
  },
  {
    attack:
      "What looks like an address: leading zeros, octal, hexadecimal, one number, a zone, a port, spaces, digits of other scripts",
    happens: "Refused. IPv6 that stands for IPv4 counts as IPv4",
    test: "look-alikes of addresses",
  },
  {
    attack:
      "An address that must not be blocked: `0.0.0.0/0`, loopback, this machine, a protected network, also inside IPv6 or a larger network",
    happens: "Refused, with the network that protects it",
    test: "addresses that must not be touched",
  },
  {
    attack: "A number, a port, a hostname, a list or a map that is not one",
    happens: "Refused",
    test: "values of another type",
  },
  {
    attack: "An event that claims to be from someone: `ohmqsender`, or `sender` in its data",
    happens: "Only the identity that the connection has proved counts. The attempt is recorded",
    test: "a forged sender",
  },
  {
    attack: "A webhook without the secret, or with a wrong one",
    happens: "401, and nothing is stored",
    test: "a webhook without the secret",
  },
  {
    attack: "A signed alert that is sent again",
    happens: "The delivery is known: stored once, one response",
    test: "a replay",
  },
  {
    attack: "The same alert under new ids, without end",
    happens: "One response in the window of `dedupe`. The others are counted in the audit log",
    test: "the same alert under new ids",
  },
  {
    attack: "A flood of alerts about ever new subjects",
    happens: "`limit` holds. What is dropped is counted, in at most five entries a second for each rule and reason",
    test: "a flood",
  },
  {
    attack: "A flood of alerts with values that are refused",
    happens: "Counted in the same way, with the first as an example",
    test: "a flood of refused values",
  },
  {
    attack: "An alert of a megabyte",
    happens: "Rules do not look at it; the audit log says so. Above the limit of its source: 413",
    test: "a huge alert",
  },
  {
    attack: "A list that makes a condition take long",
    happens:
      "Macros cannot be nested, so that the time grows with the size of the event only, and regular expressions are linear",
    test: "an expensive condition",
  },
  {
    attack: "Keys and ids of a hundred thousand characters",
    happens: "Kept by their hash, or cut",
    test: "huge keys",
  },
  {
    attack: "One person who approves twice, where two have to",
    happens: "Refused. The user id comes from the kernel",
    test: "approval by the same person twice",
  },
  {
    attack: "Approval after the time is over",
    happens: "Refused, also before the time limit itself is recorded",
    test: "approval after the time is over",
  },
  {
    attack: "Undoing while the action runs",
    happens: "It is undone when it has ended, never at the same time",
    test: "undo while the action runs",
  },
  {
    attack: "An alert that comes after a long time, when it means something else",
    happens: "Older than `maxAge`: recorded, and nothing is done",
    test: "an old alert",
  },
]
