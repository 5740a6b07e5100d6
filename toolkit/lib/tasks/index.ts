/**
 * Tasks: a durable queue with leases, its clients and its workers.
 *
 * @module ohmq-toolkit/tasks
 */

export { type Cancelled, TaskClient, type TaskClientOptions } from "./client/client.js"
export { SubmitError } from "./client/submit-error.js"
export type { ConnectOptions } from "./client/target.js"
export {
  type CommandResult,
  CommandWorker,
  type CommandWorkerOptions,
  startCommandWorker,
} from "./command/command-worker.js"
export {
  type Counts,
  type EndState,
  type QueueLimits,
  type QueueSettings,
  type Submitted,
  states as taskStates,
  TaskError,
  type TaskErrorCode,
  type TaskInit,
  type TaskProgress,
  type TaskState,
} from "./queue/index.js"
export type { ScheduleInit, SettingsChange } from "./server/control.js"
export { tasksMetrics } from "./server/metrics.js"
export type { TaskAction, TaskServerOptions } from "./server/options.js"
export type { PageOptions, TaskSelection } from "./server/selection.js"
export { eventsCursor, type SendEventsOptions, sendEvents } from "./server/sending-events.js"
export { serveTasks, TaskServer, type TaskServerEvents } from "./server/server.js"
export { type StandbyOptions, waitToTakeOver } from "./server/standby.js"
export { type TurnOptions, takeTurns } from "./server/turns.js"
export type { QueueView, TaskResult, TasksSnapshot, TaskView, WorkerView } from "./server/views.js"
export type { AbortCause, AbortReason, Job } from "./worker/job.js"
export { TaskFailure, type TaskFailureOptions } from "./worker/task-failure.js"
export { type Handler, Worker, type WorkerEvents, type WorkerOptions } from "./worker/worker.js"
