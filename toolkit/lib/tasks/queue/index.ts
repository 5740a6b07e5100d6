// The state machine of tasks.

export { defaultQueueLimits, type Moment, type QueueLimits } from "./limits.js"
export type { Counts } from "./named-queue.js"
export {
  checkInteger,
  checkMembers,
  checkName,
  checkQueueName,
  checkTask,
  checkValue,
  type TaskInit,
  taskNames,
} from "./new-task.js"
export type { Grant, QueueSettings, Schedule, TaskRecord, WholeTask } from "./records.js"
export { ownerOf, type Seat } from "./seats.js"
export {
  type EndState,
  isEnd,
  type NewTask,
  states,
  Task,
  type TaskData,
  type TaskProgress,
  type TaskState,
} from "./task.js"
export { TaskError, type TaskErrorCode } from "./task-error.js"
export { type Joining, type Submitted, TaskQueue } from "./task-queue.js"
export type { Stop } from "./transitions.js"
