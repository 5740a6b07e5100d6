// What the user sees: the progress of the scan, and a table of its findings.

const LEVELS = ["error", "warning", "note"]

/** A number with its noun. */
export const count = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`

/** Prints a line for the user, in place of what Progress shows. */
export function note(text) {
  process.stderr.write(process.stderr.isTTY ? `\r\x1b[K${text}\n` : `${text}\n`)
}

/** Shows the progress of the scan: in one line of a terminal, or in a few lines of a file. */
export class Progress {
  #quarter = 0

  show({ files, counted, findings, workers }) {
    const line = `${counted} of ${count(files, "file")}, ${count(findings, "finding")}, ${count(workers, "worker")}`
    const quarter = Math.floor((4 * counted) / files)
    if (process.stderr.isTTY) process.stderr.write(`\r${line}\x1b[K`)
    else if (quarter > this.#quarter && quarter < 4) note(line)
    this.#quarter = quarter
  }

  clear() {
    if (process.stderr.isTTY) process.stderr.write("\r\x1b[K")
  }
}

/** Findings by rule and level; rules with the most severe findings come first, those with as many by name. */
export function table(counts) {
  const weight = ([, levels]) => levels.error * 1e12 + levels.warning * 1e6 + levels.note
  const rows = Object.entries(counts)
    .sort((a, b) => weight(b) - weight(a) || a[0].localeCompare(b[0]))
    .map(([rule, levels]) => [rule, ...LEVELS.map((level) => levels[level])])
  const sum = (column) => rows.reduce((total, row) => total + row[column], 0)
  rows.push(["total", sum(1), sum(2), sum(3)])
  const width = Math.max(...rows.map(([rule]) => rule.length))
  const print = ([rule, ...cells]) => rule.padEnd(width) + cells.map((cell) => `${cell}`.padStart(9)).join("")
  return [["", ...LEVELS], ...rows].map(print).join("\n")
}

/** How much each worker scanned, and how long all of it took. */
export function summary(files, workers, seconds) {
  const lines = workers.map(({ name, scanner, tasks, files, busy }) => {
    const share = Math.round(busy / 10 / seconds)
    return `${name}: ${scanner}, ${count(tasks, "task")}, ${count(files, "file")}, ${share} % busy`
  })
  lines.push(`${count(files, "file")} in ${seconds.toFixed(1)} s`)
  return lines.join("\n")
}
