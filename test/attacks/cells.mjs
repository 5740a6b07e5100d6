// Each attack on each type of server: run, and counted.

import { attacks } from "./attacks.mjs"
import { good, Stage } from "./stage.mjs"
import { types } from "./types.mjs"

/**
 * One attack on one type of server, while a good client exchanges numbered messages with it. Where a server has one peer
 * only, the good client comes after the attacker, which must not have taken its place.
 */
async function runCell(type, attack) {
  const stage = await Stage.set(type, "guarded", attack.policy)
  try {
    let client
    const join = async () => {
      client = stage.client(good)
      await stage.flow(client, "hello")
      await stage.round(client, 5)
    }
    if (!type.one) await join()
    const running = attack.run(stage)
    if (!type.one && attack.alone !== true) await stage.round(client, 10)
    const ended = await running
    if (type.one) {
      await stage.leave()
      await join()
    }
    await stage.round(client, 5)
    const { sent, connections, arrived, received, numbered } = stage
    return { connections, sent, arrived, received, good: numbered, lost: stage.lost(client), ended }
  } finally {
    await stage.close()
  }
}

/** The same attack on the same type, with the door open. How many messages got through, in either direction. */
async function runControl(type, attack) {
  if (attack.door === undefined || attack.except?.includes(type.name)) return undefined
  const stage = await Stage.set(type, attack.door)
  try {
    // At an open door the attack may never be over, because nobody ends its connections.
    await Promise.race([stage.through(), attack.run(stage).then(() => stage.through())])
    return stage.arrived + stage.received
  } finally {
    await stage.close()
  }
}

/** Calls a function for each item, some at a time. */
async function pool(items, size, run) {
  const left = [...items]
  const work = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await run(item)
  }
  await Promise.all(Array.from({ length: size }, work))
}

/**
 * Runs cells, and says what came of each.
 *
 * @returns {Promise<{ key: string, title: string, type: string, error?: string, connections: number, sent: number,
 *   arrived: number, received: number, good: number, lost: number, control: number | undefined, ended: string }[]>}
 */
export async function runAttacks({ only = () => true, atATime = 6 } = {}) {
  const cells = Object.entries(attacks).flatMap(([key, attack]) => types.map((type) => ({ key, attack, type })))
  const results = new Map(cells.filter(only).map((cell) => [cell, undefined]))
  await pool(results.keys(), atATime, async (cell) => {
    const { key, attack, type } = cell
    const result = { key, title: attack.title, type: type.name }
    try {
      Object.assign(result, await runCell(type, attack), { control: await runControl(type, attack) })
    } catch (error) {
      Object.assign(result, { error: error instanceof Error ? error.stack : String(error) })
    }
    results.set(cell, result)
  })
  return [...results.values()]
}
