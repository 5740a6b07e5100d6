// What runs the actions that are configured.

import type { ComponentContext } from "../../relay/components.js"
import type { Action, Body, Runner } from "./action.js"

/** An action cannot be started. It may be possible later, such as when its port is free. */
export class StartError extends Error {}

/** An action with what runs it. */
export interface Equipped {
  readonly action: Action
  readonly runner: Runner
  readonly undoer: Runner | undefined
}

/** The runners of all actions. */
export class Runners {
  readonly #context: ComponentContext
  #actions = new Map<string, Equipped>()

  constructor(context: ComponentContext) {
    this.#context = context
  }

  get actions(): ReadonlyMap<string, Equipped> {
    return this.#actions
  }

  /** Stops what is not configured or has changed, then starts what is missing. Nothing may run meanwhile. If it rejects, call it again with what was before. */
  async apply(wanted: ReadonlyMap<string, Action>): Promise<void> {
    for (const [name, equipped] of this.#actions) {
      if (wanted.get(name)?.fingerprint === equipped.action.fingerprint) continue
      this.#actions.delete(name)
      await stop(equipped)
    }
    for (const [name, action] of wanted) {
      const before = this.#actions.get(name)
      // Its limits may be others.
      const equipped = before ? { ...before, action } : await this.#equip(action)
      this.#actions.set(name, equipped)
    }
  }

  async #equip(action: Action): Promise<Equipped> {
    const started: { stop(): Promise<void> }[] = []
    const start = async ({ kind, config }: Body, what: string) => {
      try {
        const runner = await kind.create(config, { ...this.#context, name: action.name })
        await runner.start()
        started.push(runner)
        return runner
      } catch (error) {
        throw new StartError(`Cannot start ${what}: ${(error as Error).message}`)
      }
    }
    try {
      const runner = await start(action.body, `action ${action.name}`)
      const undoer = action.undo && (await start(action.undo, `the undo of action ${action.name}`))
      return { action, runner, undoer }
    } catch (error) {
      for (const one of started) await one.stop()
      throw error
    }
  }

  async stop(): Promise<void> {
    await this.apply(new Map())
  }
}

async function stop({ runner, undoer }: Equipped): Promise<void> {
  await runner.stop()
  await undoer?.stop()
}
