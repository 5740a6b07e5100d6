// Tasks and workers: on the first page, and the tasks of a queue on a page of their own.

import { time } from "../values/format.js"
import { batchKey, queueKey, shownRows, workerKey } from "../values/work.js"
import type { BatchView, QueueView, TaskQuery, TaskView, WorkerView, WorkView } from "../view/work.js"
import { type Html, html } from "./html.js"
import { type Frame, hidden, layout } from "./layout.js"
import type { Live } from "./live.js"
import { heads, number, table } from "./table.js"

/** The address of a queue's tasks. */
export function tasksUrl(queue: string, state?: string, after?: string): string {
  const parameters = new URLSearchParams()
  if (state !== undefined) parameters.set("state", state)
  if (after !== undefined) parameters.set("after", after)
  return `/status/tasks/${encodeURIComponent(queue)}${parameters.size > 0 ? `?${parameters}` : ""}`
}

const button = (queue: string, name: string, value: string, label: string, formToken: string): Html =>
  html`<form class="inline" method="post" action="${tasksUrl(queue)}">${hidden("form", formToken)}<button name="${name}" value="${value}">${label}</button></form>`

const queueRow = (queue: QueueView, live: Live, formToken: string): Html => html`<tr>
<th scope="row"><a href="${tasksUrl(queue.name)}">${queue.name}</a></th>
<td><span class="state"${live.tone(`${queueKey(queue)}/tone`)}>${live.text(`${queueKey(queue)}/state`)}</span></td>
<td>${live.text(`${queueKey(queue)}/counts`)}</td>${number(live.text(`${queueKey(queue)}/oldest`))}
<td>${queue.isPaused ? button(queue.name, "queue", "resume", "Resume", formToken) : button(queue.name, "queue", "pause", "Pause", formToken)}</td>
</tr>
`

const workerRow = (worker: WorkerView, live: Live): Html => html`<tr>
<th scope="row">${worker.name}</th>
<td>${worker.identity === undefined ? html`<span class="state" data-tone="warn">Not verified: no CURVE</span>` : html`<strong>${worker.identity}</strong>`}</td>
<td class="when">${time(worker.since)}</td><td>${live.text(`${workerKey(worker)}/seen`)}</td>
${number(live.text(`${workerKey(worker)}/running`))}${number(live.text(`${workerKey(worker)}/free`))}
</tr>
`

const batchRow = (batch: BatchView, live: Live): Html => html`<tr>
<th scope="row">${batch.id}</th>
${number(live.text(`${batchKey(batch)}/ended`))}${number(live.text(`${batchKey(batch)}/finished`))}
</tr>
`

/** Their part of the first page. */
export const workSections = (
  { queues, workers, batches }: WorkView,
  live: Live,
  formToken: string,
): Html => html`${table(
  "queues",
  "Queues",
  ["Queue", "State", "Tasks", "Oldest", "Pause or resume"],
  queues.map((queue) => queueRow(queue, live, formToken)),
  "No task was submitted.",
)}
${table(
  "workers",
  "Workers",
  ["Worker", "Verified identity", "Connected", "Last seen", "Running", "Free"],
  workers.slice(0, shownRows).map((worker) => workerRow(worker, live)),
  "No worker is connected.",
)}
${workers.length > shownRows && html`<p>${live.text("workers")} are connected; the first ${shownRows} are listed.</p>`}
${
  batches.length > 0 &&
  table(
    "batches",
    "Batches",
    ["Batch", "Ended", "Finished"],
    batches.slice(0, shownRows).map((batch) => batchRow(batch, live)),
    "",
  )
}`

/** The tasks of a queue. */
export interface TasksContent {
  readonly queue: QueueView
  readonly query: TaskQuery
  readonly tasks: readonly TaskView[]
  readonly formToken: string
  /** What was done before. */
  readonly notice: string | undefined
}

const taskRow = ({ id, state, attempts, submitted, worker, note, canCancel, canRetry }: TaskView): Html => html`<tr>
<th scope="row">${id}</th><td>${state}</td><td class="reason">${note}</td>${number(attempts)}
<td class="when">${time(submitted)}</td><td>${worker ?? "–"}</td>
<td class="actions">${canCancel && html`<button name="cancel" value="${id}" form="tasks" aria-label="Cancel ${id}">Cancel</button>`}
${canRetry && html`<button name="retry" value="${id}" form="tasks" aria-label="Retry ${id}">Retry</button>`}</td>
</tr>
`

const stateLinks = ({ queue, query }: TasksContent): Html => {
  const states = [undefined, ...Object.keys(queue.counts)]
  return html`<nav class="pages" aria-label="States">${states.map((state) =>
    state === query.state
      ? html`<strong aria-current="page">${state ?? "all"}</strong> `
      : html`<a href="${tasksUrl(queue.name, state)}">${state ?? "all"}</a> `,
  )}</nav>`
}

/** Their page. */
export function tasksPage(frame: Frame, content: TasksContent): string {
  const { queue, query, tasks, formToken, notice } = content
  const last = tasks.length === query.max ? tasks.at(-1) : undefined
  return layout(frame, {
    title: `Tasks of ${queue.name}`,
    content: html`<h1>Tasks of ${queue.name}</h1>
<p class="summary"><a href="/">To the status page</a></p>
${notice !== undefined && html`<p class="notice" role="status">${notice}</p>`}
${stateLinks(content)}
<form id="tasks" method="post" action="${tasksUrl(queue.name, query.state, query.after)}">${hidden("form", formToken)}</form>
${
  tasks.length === 0
    ? html`<p>No more tasks.</p>`
    : html`<div class="scroll" role="group" aria-label="Tasks" tabindex="0"><table>
<thead>${heads(["Task", "State", "Why", "Attempts", "Submitted", "Worker", "Actions"])}</thead>
<tbody>
${tasks.map(taskRow)}</tbody>
</table></div>`
}
<nav class="pages" aria-label="Pages">${query.after !== undefined && html`<a href="${tasksUrl(queue.name, query.state)}">First</a>`}
${last && html`<a rel="next" href="${tasksUrl(queue.name, query.state, last.id)}">Next</a>`}</nav>`,
  })
}
