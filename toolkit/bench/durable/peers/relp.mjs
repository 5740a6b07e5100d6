// The frames of RELP, the acknowledged syslog protocol: `TXNR COMMAND LENGTH DATA`, where the space before DATA is missing without data.
// https://www.rsyslog.com/doc/relp.html

import { Buffer } from "node:buffer"

export const frame = (number, command, data = "") => {
  const length = Buffer.byteLength(data)
  return `${number} ${command} ${length}${length === 0 ? "" : " "}${data}\n`
}

/** Returns a function that takes chunks, and calls `take(number, command, data)` for each complete frame. */
export function parser(take) {
  let rest = Buffer.alloc(0)
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    let at = 0
    for (;;) {
      const [, number, command, length, space] =
        /^(\d+) (\S+) (\d+)([ \n])/.exec(rest.toString("latin1", at, at + 64)) ?? []
      if (number === undefined) break
      const begin = at + number.length + command.length + length.length + 3
      const end = begin + Number(length)
      if (space === "\n") at = begin
      else if (end + 1 > rest.length) break
      else at = end + 1
      take(number, command, space === "\n" ? rest.subarray(0, 0) : rest.subarray(begin, end))
    }
    rest = rest.subarray(at)
  }
}

export const offers = "relp_version=0\nrelp_software=ohmq-bench\ncommands=syslog"
