// Medians, to summarize measurements.

export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b)
  const middle = sorted.length / 2
  return sorted.length % 2 === 1 ? sorted[Math.floor(middle)] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** The median of the ratios within each round, so that whatever slows down a whole round cancels out. */
export const medianRatio = (numbers, others) => median(numbers.map((number, round) => number / others[round]))
