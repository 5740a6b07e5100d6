// The pages of tasks, and what their forms ask for.

import { answer, redirect, type SiteAnswer } from "./answers.js"
import type { Visitor } from "./pages/layout.js"
import { tasksPage, tasksUrl } from "./pages/work.js"
import { nothingHere, refusal, type Section } from "./section.js"
import type { Subject } from "./view/subject.js"
import type { QueueView, TaskQuery, WorkSubject } from "./view/work.js"

const pageSize = 50

/** These pages. */
export class WorkSection implements Section {
  readonly #subject: Subject
  readonly #work: WorkSubject
  /** What the last action of a queue came to, until the list has said it. */
  readonly #results = new Map<string, string>()

  constructor(subject: Subject, work: WorkSubject) {
    this.#subject = subject
    this.#work = work
  }

  owns(path: string): boolean {
    return path.startsWith("/status/tasks/")
  }

  async #queue(path: string): Promise<QueueView | undefined> {
    const { work } = await this.#subject.snapshot()
    return work?.queues.find(({ name }) => path === tasksUrl(name))
  }

  async get(path: string, fields: URLSearchParams, { frame, formToken }: Visitor): Promise<SiteAnswer> {
    const queue = await this.#queue(path)
    if (queue === undefined) return nothingHere(frame)
    const query: TaskQuery = {
      queue: queue.name,
      state: fields.get("state") ?? undefined,
      after: fields.get("after") ?? undefined,
      max: pageSize,
    }
    const tasks = await this.#work.tasks(query)
    const notice = this.#results.get(queue.name)
    this.#results.delete(queue.name)
    return answer(200, tasksPage(frame, { queue, query, tasks, formToken, notice }))
  }

  async post(path: string, fields: URLSearchParams, { frame, person }: Visitor): Promise<SiteAnswer> {
    const queue = await this.#queue(path)
    if (queue === undefined) return nothingHere(frame)
    const { name } = queue
    const [action, value] = [...fields].find(([field]) => ["queue", "cancel", "retry"].includes(field)) ?? []
    if (action === undefined || value === undefined)
      return refusal(frame, 400, "Nothing to do", "The form says neither pause, resume, cancel nor retry.")
    if (action !== "queue") {
      const isDone = await (action === "cancel" ? this.#work.cancel(value) : this.#work.retry(value))
      this.#subject.log("info", { queue: name, task: value, action, isDone, person }, "The status page acted on a task")
      this.#results.set(name, isDone ? `${value}: ${action} is done.` : `${value}: there was nothing to ${action}.`)
      return redirect(tasksUrl(name))
    }
    if (value !== "pause" && value !== "resume")
      return refusal(frame, 400, "Nothing to do", "The form says neither pause nor resume.")
    await (value === "pause" ? this.#work.pause(name) : this.#work.resume(name))
    this.#subject.log("info", { queue: name, action: value, person }, "The status page acted on a queue")
    return redirect("/")
  }
}
