// What the probe looks for. `severity` is a score of CVSS, as GitHub reads it.

/** By the id of the rule. */
export const rules = {
  "cross-site-scripting": {
    text: "A parameter becomes part of the page as it is",
    level: "error",
    cwe: 79,
    severity: 6.1,
  },
  "sql-injection": { text: "A quote in a parameter breaks a statement of SQL", level: "error", cwe: 89, severity: 9.8 },
  "path-traversal": { text: "A parameter leads out of the folder", level: "error", cwe: 22, severity: 7.5 },
  "open-redirect": { text: "A parameter sends the browser to any site", level: "warning", cwe: 601, severity: 6.1 },
  "stack-trace": { text: "An error shows where in the program it happened", level: "warning", cwe: 209, severity: 5.3 },
  "any-origin": {
    text: "Every site may read the answer with the user's cookies",
    level: "error",
    cwe: 942,
    severity: 7.1,
  },
  "weak-cookie": { text: "A cookie has no HttpOnly, or no SameSite", level: "warning", cwe: 1004, severity: 4.3 },
  "missing-csp": { text: "The page has no Content-Security-Policy", level: "note", cwe: 693, severity: 3.1 },
  "missing-nosniff": {
    text: "The page has no X-Content-Type-Options: nosniff",
    level: "note",
    cwe: 693,
    severity: 3.1,
  },
  "product-version": {
    text: "The header X-Powered-By tells the product and its version",
    level: "note",
    cwe: 200,
    severity: 2.6,
  },
}

/** The rules as SARIF has them. */
export const descriptors = Object.entries(rules).map(([id, { text, level, cwe, severity }]) => ({
  id,
  shortDescription: { text },
  defaultConfiguration: { level },
  properties: {
    tags: ["security", `external/cwe/cwe-${String(cwe).padStart(3, "0")}`],
    "security-severity": `${severity}`,
  },
}))
