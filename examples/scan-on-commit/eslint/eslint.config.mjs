// What an attacker can use directly is an error: it becomes a finding of high severity.

import security from "eslint-plugin-security"

// biome-ignore lint/style/noDefaultExport: ESLint wants it.
export default [
  // By itself, ESLint leaves this folder out.
  { ignores: ["!**/node_modules/"] },
  security.configs.recommended,
  {
    rules: {
      "security/detect-bidi-characters": "error",
      "security/detect-child-process": "error",
      "security/detect-eval-with-expression": "error",
      "security/detect-unsafe-regex": "error",
    },
  },
]
