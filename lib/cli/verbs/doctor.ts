import process from "node:process"

import { UsageError } from "../command/exit.js"
import { choice, defineVerb, text, value } from "../command/spec.js"
import { warn } from "../command/terminal.js"
import { duration } from "../command/values.js"
import { securityOptions } from "../connection/options.js"
import { typeNames } from "../patterns/sockets.js"

const DEFAULT_TIMEOUT = 3000

/** Those that speak ZMTP. */
const zmtpTypes = typeNames.filter((name) => name !== "stream" && name !== "dgram")

/** These types of ours may get messages from the peer as soon as they are connected. */
const receiving = new Set(["pull", "dealer", "pair", "gather", "channel"])

/** What is there at an endpoint, and whether it would talk to us. */
export const doctor = defineVerb({
  name: "doctor",
  summary: "Says what is at an endpoint, and why it does not talk to you",
  usage: ["ENDPOINT [--type TYPE] [--cert FILE --server-cert FILE | --plain USER:SECRET]"],
  about: `
It looks up the name, connects, reads the peer's greeting and says the likely cause and what to do next; then the steps with their times.

Of an endpoint that is bound (@tcp://*:5555) it says whether the address is free, and waits for a peer to connect.

A peer without encryption is examined without becoming a peer of it, and gets no messages. Only with --cert or --plain is there a whole
handshake, with a socket of --type. Without --type, that is one to which the peer sends nothing unasked.

The exit code is 0 if all is well, 1 if something is wrong, 3 if the peer does not answer in time, and 4 if security settings do not match or the peer refuses
this side.`,
  groups: [
    {
      title: "Examination",
      options: {
        type: {
          ...choice(zmtpTypes, `Your socket type, to see whether it fits the peer's: ${zmtpTypes.join(", ")}.`),
          placeholder: "TYPE",
        },
        timeout: value("DURATION", "How long to wait in each step. Default 3s.", duration),
        output: choice(["text", "json"], "How to show it. Default text; json is one object."),
        profile: text(
          "NAME",
          "Take endpoint and security from a saved profile; the same as @NAME instead of the endpoint.",
        ),
      },
    },
    {
      title: "Security",
      options: {
        cert: securityOptions.cert,
        "server-cert": securityOptions["server-cert"],
        plain: securityOptions.plain,
      },
    },
  ],
  examples: [
    { what: "Why does nothing arrive?", command: "ohmq doctor tcp://127.0.0.1:5557 --type sub" },
    {
      what: "Would this key be let in?",
      command: "ohmq doctor tcp://127.0.0.1:5557 --server-cert 'rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7'",
    },
    {
      what: "Is a port free, and does anybody connect to it?",
      command: "ohmq doctor @tcp://*:5557 --timeout 1s",
    },
    {
      what: "For a script",
      command: "ohmq doctor tcp://127.0.0.1:5557 --output json",
    },
  ],
  async run({ args, values, signal }) {
    const [{ connectionOf }, { securityOf }, { Examination }, { examine }, { reportJson, reportText }, { explain }] =
      await Promise.all([
        import("../connection/socket.js"),
        import("../connection/security.js"),
        import("../doctor/examination.js"),
        import("../doctor/diagnosis.js"),
        import("../doctor/report.js"),
        import("../doctor/causes.js"),
      ])
    const connection = connectionOf(args, values)
    const [endpoint, ...more] = [...connection.endpoints, ...connection.rest]
    if (endpoint === undefined || typeof endpoint === "string" || more.length > 0) {
      throw new UsageError("Expected one endpoint, such as tcp://localhost:5555")
    }
    const security = await securityOf(connection.values)
    const mechanism = security === undefined ? "NULL" : "username" in (security.security as object) ? "PLAIN" : "CURVE"
    if (mechanism === "PLAIN" && !endpoint.address.startsWith("ipc:")) {
      throw new UsageError("--plain: PLAIN sends the password unencrypted, so doctor uses it only over ipc")
    }
    if (mechanism !== "NULL" && values.type !== undefined && receiving.has(values.type)) {
      warn(`messages that the peer sends to this ${values.type} while it is examined are lost`)
    }
    const examination = new Examination({
      mechanism,
      timeout: values.timeout ?? DEFAULT_TIMEOUT,
      ...(values.type !== undefined && { type: values.type.toUpperCase() }),
      ...(security !== undefined && { security: security.security }),
    })
    const aborted = new Promise<undefined>((resolve) => signal.addEventListener("abort", () => resolve(undefined)))
    try {
      const cause = await Promise.race([examine(examination, endpoint), aborted])
      if (cause === undefined) return undefined
      const address = endpoint.isBound ? `@${endpoint.address}` : endpoint.address
      const report = values.output === "json" ? reportJson : reportText
      process.stdout.write(report(address, cause, examination))
      return explain(cause, examination.facts, address).exit
    } finally {
      examination.close()
      await security?.close()
    }
  },
})
