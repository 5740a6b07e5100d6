// Contexts, versions, capabilities, keys.

import { Context, capability, context, curveKeyPair, Dealer, version } from "zeromq"

const mine = new Context()
const another: Context = new Context({ blocky: true, threadPriority: 1, threadSchedulingPolicy: 0 })

context.blocky = false
mine.ioThreads = 4
mine.maxSockets = Math.min(100, mine.maxSocketsLimit)
another.ipv6 = mine.ipv6
another.maxMessageSize = -1
another.threadPriority = another.threadSchedulingPolicy

type ContextOptions = NonNullable<ConstructorParameters<typeof Context>[0]>
export const options: ContextOptions = { ioThreads: 1, blocky: false }
export const threads: number | undefined = options.ioThreads

export const socket = new Dealer({ context: mine, linger: 0 })
export const same: boolean = socket.context === mine

const [major, minor] = version.split(".").map(Number)
export const modern = major > 4 || (major === 4 && minor >= 3)

if (capability.curve) {
  const { publicKey, secretKey } = curveKeyPair()
  const server = new Dealer({ curveServer: true, curvePublicKey: publicKey, curveSecretKey: secretKey })
  const keys: { publicKey: string; secretKey: string } = curveKeyPair()
  const client = new Dealer({
    curveServerKey: publicKey,
    curvePublicKey: keys.publicKey,
    curveSecretKey: keys.secretKey,
  })
  server.close()
  client.close()
}
export const transports: Array<keyof typeof capability> = ["ipc", "pgm", "tipc", "norm", "gssapi", "draft"]
export const missing = transports.filter((name) => !capability[name])
export const draft: boolean = capability.draft ?? false
export const copied: Partial<Record<"ipc" | "curve", boolean>> = { ...capability }

/** A context that knows an option by its number. */
export class TunedContext extends Context {
  get socketLimit(): number {
    return this.getInt32Option(3)
  }
  set threadAffinity(cpu: number) {
    this.setInt32Option(7, cpu)
  }
  get blocks(): boolean {
    return this.getBoolOption(70)
  }
  set blocks(value: boolean) {
    this.setBoolOption(70, value)
  }
}
