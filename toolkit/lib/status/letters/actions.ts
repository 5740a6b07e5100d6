// What can be done with dead letters. One action a sink at a time; one that takes long goes on while the page answers.

import { setTimeout } from "node:timers/promises"
import { plural } from "../values/format.js"
import type { LetterSubject } from "../view/relay.js"
import type { Subject } from "../view/subject.js"
import { findAll, isEverything, type LetterQuery } from "./search.js"

export type Action = "replay" | "discard"

/** How long the answer waits for an action, in milliseconds. */
const patienceMs = 3000

const done: Record<Action, string> = { replay: "replayed", discard: "discarded" }

/** The actions of a page. */
export class LetterActions {
  readonly #subject: Subject
  readonly #letters: LetterSubject
  readonly #underWay = new Map<string, Action>()
  /** What the last action of a sink came to, until the list has said it. */
  readonly #results = new Map<string, string>()

  constructor(subject: Subject, letters: LetterSubject) {
    this.#subject = subject
    this.#letters = letters
  }

  /** Begins an action, and resolves once it has ended or takes long. False if another one is under way. */
  async start(action: Action, sink: string, query: LetterQuery, ids: readonly number[] | undefined): Promise<boolean> {
    if (this.#underWay.has(sink)) return false
    this.#underWay.set(sink, action)
    const running = this.#run(action, sink, query, ids)
      .catch((error: Error) => {
        this.#subject.log("error", { sink, action, reason: error.message }, "An action of the status page has failed")
        return `It failed: ${error.message}`
      })
      .then((result) => {
        this.#underWay.delete(sink)
        this.#results.set(sink, result)
      })
    const patience = new AbortController()
    const waited = setTimeout(patienceMs, undefined, { signal: patience.signal }).catch(() => {})
    await Promise.race([running, waited])
    patience.abort()
    return true
  }

  async #run(action: Action, sink: string, query: LetterQuery, some: readonly number[] | undefined): Promise<string> {
    const ids = some ?? (isEverything(query) ? undefined : await findAll(this.#letters, sink, query))
    const selection = ids === undefined ? {} : { ids }
    const { count, held } =
      ids?.length === 0
        ? { count: 0, held: 0 }
        : action === "replay"
          ? await this.#letters.replay(sink, selection).then(({ replayed, held }) => ({ count: replayed, held }))
          : { count: await this.#letters.discard(sink, selection), held: 0 }
    this.#subject.log("info", { sink, action, count, held }, "Dead letters were handled on the status page")
    const stays = held > 0 ? ` ${plural(held, "dead letter")} stayed: the route still cannot change it.` : ""
    return `${plural(count, "dead letter")} ${done[action]}.${stays}`
  }

  /** How many dead letters an action would be for. */
  async count(sink: string, query: LetterQuery, dead: number): Promise<number> {
    return isEverything(query) ? dead : (await findAll(this.#letters, sink, query)).length
  }

  /** What the list has to say. A result is said once. */
  notices(sink: string): string[] {
    const action = this.#underWay.get(sink)
    const result = this.#results.get(sink)
    this.#results.delete(sink)
    const running = action && `A ${action} is under way. Load the page again to see how far it is.`
    return [running, result].filter((text) => text !== undefined)
  }
}
