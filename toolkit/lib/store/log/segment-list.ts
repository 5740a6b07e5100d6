// The segments of a log, in order.

import type { Position } from "./record.js"
import type { Segment } from "./segment.js"

/** Segments from the oldest to the one that grows. There is always one, but for the time in which a log is created. */
export class SegmentList {
  readonly all: Segment[]

  constructor(segments: Segment[]) {
    this.all = segments
  }

  get first(): Segment {
    return this.all[0] as Segment
  }

  /** The one that grows. */
  get last(): Segment {
    return this.all.at(-1) as Segment
  }

  get bytes(): number {
    return this.all.reduce((sum, { size }) => sum + size, 0)
  }

  /** The segment that holds a position, and the one after it. */
  find(position: Position): { segment: Segment; following: Segment | undefined } {
    let low = 0
    let high = this.all.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((this.all[middle] as Segment).first <= position) low = middle
      else high = middle - 1
    }
    return { segment: this.all[low] as Segment, following: this.all[low + 1] }
  }

  /** Takes off the segments whose positions are all below this one. The last one stays. */
  cut(position: Position): Segment[] {
    let count = 0
    while (count + 1 < this.all.length && (this.all[count + 1] as Segment).first <= position) count++
    return this.all.splice(0, count)
  }
}
