// The bounds of a queue.

/** Bounds and times of a queue. Times are in milliseconds. */
export interface QueueLimits {
  /** How long a worker may be silent before its tasks are given to others. 30,000 by default. */
  lease: number
  /** How many tasks may wait, run or be dead letters. 2,000,000 by default. */
  maxTasks: number
  /** How many characters of JSON the inputs of those may have together: they are in memory. 2^29 by default. */
  maxInputs: number
  /** How many characters of JSON an input or a result may have. 1,000,000 by default, so that an event with it has less than 1 MiB. */
  maxValue: number
  /** How long tasks are kept that finished, expired or were cancelled: their results, and their ids to recognise duplicates. 7 days by default. */
  keep: number
  /** At most so many of them are kept. 1,000,000 by default. */
  keepCount: number
  /** How many schedules there may be. 1,000 by default. */
  maxSchedules: number
  /** How many named queues there may be. 10,000 by default. */
  maxQueues: number
  /** The longest wait between two attempts. An hour by default. */
  maxBackoff: number
}

export const defaultQueueLimits: QueueLimits = {
  lease: 30_000,
  maxTasks: 2_000_000,
  maxInputs: 2 ** 29,
  maxValue: 1_000_000,
  keep: 7 * 86_400_000,
  keepCount: 1_000_000,
  maxSchedules: 1000,
  maxQueues: 10_000,
  maxBackoff: 3_600_000,
}

/** The time, by two clocks. */
export interface Moment {
  /** In milliseconds since 1970. It can be set, so it jumps. */
  wall: number
  /** In milliseconds since anything. Leases and rates are measured by it. */
  steady: number
}
