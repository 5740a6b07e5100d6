// Parses and formats syslog records (RFC 5424).

const severities = ["emergency", "alert", "critical", "error", "warning", "notice", "info", "debug"]

const header = /^<(\d{1,3})>1 (\S+) (\S+) (\S+) (\S+) (\S+) /
const element = /^\[([^\s=\]"]{1,32})((?: [^\s=\]"]{1,32}="(?:[^"\\\]]|\\.)*")*)\]/s
const parameter = / ([^\s=\]"]+)="((?:[^"\\\]]|\\.)*)"/gs

const orNull = (text) => (text === "-" ? null : text)

/** Parses a record. Returns undefined if the text is not a record, because a client may send anything. */
export function parseRecord(text) {
  const match = header.exec(text)
  if (match === null || Number(match[1]) > 191) return undefined
  const priority = Number(match[1])
  const [time, host, app, process, id] = match.slice(2).map(orNull)
  let rest = text.slice(match[0].length)
  const data = {}
  if (rest.startsWith("-")) rest = rest.slice(1)
  else {
    for (let found = element.exec(rest); found !== null; found = element.exec(rest)) {
      const pairs = [...found[2].matchAll(parameter)]
      data[found[1]] = Object.fromEntries(pairs.map(([, name, value]) => [name, value.replace(/\\(["\\\]])/g, "$1")]))
      rest = rest.slice(found[0].length)
    }
    if (Object.keys(data).length === 0) return undefined
  }
  if (rest !== "" && !rest.startsWith(" ")) return undefined
  // A byte order mark says that the text is UTF-8; a newline is not part of it.
  const message = rest
    .slice(1)
    .replace(/^\ufeff/, "")
    .replace(/\n$/, "")
  return { severity: severities[priority & 7], facility: priority >> 3, time, host, app, process, id, data, message }
}

/** Formats a record with facility "user". */
export function formatRecord({ severity = "info", host, app, process, message }) {
  const priority = 8 + severities.indexOf(severity)
  return `<${priority}>1 ${new Date().toISOString()} ${host} ${app} ${process} - - \ufeff${message}`
}
