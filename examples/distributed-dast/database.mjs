// As much of SQL as the shop needs: SELECT column FROM table WHERE, with =, AND and OR. A statement that was put together from text breaks here as it
// does elsewhere.

/** The tokens of a statement: texts, numbers, words and signs. */
function tokensOf(statement) {
  const tokens = []
  let at = 0
  for (const match of statement.matchAll(/\s+|'(?:[^']|'')*'|--.*|\d+|\w+|=/gy)) {
    at += match[0].length
    if (!/^(\s|--)/.test(match[0])) tokens.push(match[0])
  }
  if (at < statement.length) throw new SyntaxError(`SQL syntax error near "${statement.slice(at)}"`)
  return tokens
}

/** The rows of a table that a statement asks for. */
export function select(statement, tables) {
  const tokens = tokensOf(statement)
  const next = () => tokens.shift() ?? ""
  const refuse = (token) => {
    throw new SyntaxError(`SQL syntax error near "${[token, ...tokens].join(" ")}"`)
  }
  const expect = (word) => {
    const token = next()
    if (token.toUpperCase() !== word) refuse(token)
  }
  const name = () => {
    const token = next()
    return /^[a-z]\w*$/i.test(token) ? token : refuse(token)
  }
  // A column, a text or a number, as a function of the row.
  const value = () => {
    const token = next()
    if (token.startsWith("'")) return () => token.slice(1, -1).replaceAll("''", "'")
    if (/^\d+$/.test(token)) return () => token
    return /^[a-z]\w*$/i.test(token) ? (row) => String(row[token]) : refuse(token)
  }
  const comparison = () => {
    const left = value()
    expect("=")
    const right = value()
    return (row) => left(row) === right(row)
  }
  const all = () => {
    const parts = [comparison()]
    while (tokens[0]?.toUpperCase() === "AND") {
      next()
      parts.push(comparison())
    }
    return (row) => parts.every((part) => part(row))
  }

  expect("SELECT")
  const column = name()
  expect("FROM")
  const rows = tables[name()] ?? refuse("FROM")
  expect("WHERE")
  const choices = [all()]
  while (tokens[0]?.toUpperCase() === "OR") {
    next()
    choices.push(all())
  }
  if (tokens.length > 0) refuse(next())
  return rows.filter((row) => choices.some((choice) => choice(row))).map((row) => ({ [column]: row[column] }))
}
