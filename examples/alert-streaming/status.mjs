// Prints what a program has done so far, as a line of JSON, when that has changed.

export class Status {
  #make
  #timer
  #last

  constructor(make) {
    this.#make = make
    this.#timer = setInterval(() => this.#print(), 100)
  }

  #print() {
    const text = JSON.stringify(this.#make())
    if (text !== this.#last) console.log(text)
    this.#last = text
  }

  close() {
    clearInterval(this.#timer)
    this.#print()
  }
}

/** The last status in what a program has printed. */
export function lastStatus(output) {
  const line = output
    .split("\n")
    .slice(0, -1)
    .findLast((one) => one.startsWith("{"))
  return line === undefined ? undefined : JSON.parse(line)
}
