// Asks a responder that runs.

import { existsSync } from "node:fs"
import { Request } from "ohmq"
import { type ControlAnswer, type ControlRequest, endpointOf } from "../../respond/control.js"
import { readPlace } from "../../respond/index.js"
import { warnOfMistakes } from "../usage.js"

/** An action that is being recorded may hold the answer up for as long as the disk does. */
const patienceMs = 10_000

/**
 * Sends a request to the responder of a configuration, and resolves to its result.
 *
 * @throws Error if none runs, or it does not do what is asked for
 */
export async function askResponder(file: string, request: ControlRequest): Promise<unknown> {
  const { socket: path, mistakes } = readPlace(file)
  warnOfMistakes(file, mistakes)
  const absent = `The responder of ${file} does not run. Start it: ohmq respond run ${file}`
  if (!existsSync(path)) throw new Error(absent)
  const place = endpointOf(path)
  const socket = new Request({ receiveTimeout: patienceMs, sendTimeout: patienceMs, linger: 0 })
  try {
    socket.connect(place.endpoint)
    await socket.send(JSON.stringify(request))
    const [body] = await socket.receive().catch(() => {
      throw new Error(`There was no answer within ${patienceMs / 1000} s. ${absent}`)
    })
    const answer = JSON.parse(String(body)) as ControlAnswer
    if (!answer.ok) throw new Error(answer.error)
    return answer.result
  } finally {
    socket.close()
    place.close()
  }
}
