// req: a request, a reply, and so on.

import { say, sayLater } from "../command/terminal.js"
import { sourceOf } from "../input/source.js"
import { Printer } from "./receiving.js"
import { inWords, rethrow, type Session } from "./session.js"

export async function requestAll(session: Session): Promise<void> {
  const { values, messages, socket, signal, opened } = session
  const { timeout, retries = 0 } = values
  const limited = { signal, ...(timeout !== undefined && { timeout }) }
  const printer = new Printer(session)
  try {
    for await (const batch of sourceOf(messages, values, values.count, signal)) {
      for (const message of batch) {
        for (let attempt = 0; ; attempt += 1) {
          using _waiting = sayLater(() => `waiting for a reply from ${opened.addresses.join(", ")}`)
          try {
            session.hasSent = true
            await socket.send(message, limited)
            await printer.print([{ parts: (await socket.receive(limited)) as Buffer[] }])
            break
          } catch (error) {
            if (signal.aborted) return
            if (attempt < retries && (error as NodeJS.ErrnoException).code === "EAGAIN") {
              say(`no reply within ${inWords(timeout as number)}: sending the request again`)
              continue
            }
            rethrow(error, () => `No reply from ${opened.addresses.join(", ")} within ${inWords(timeout as number)}`)
          }
        }
      }
    }
  } finally {
    await printer.end()
  }
}
