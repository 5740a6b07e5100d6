// A SARIF 2.1.0 log of findings.

export const sarifOf = (name, findings) => ({
  version: "2.1.0",
  runs: [
    {
      tool: { driver: { name } },
      results: findings.map(({ rule, level, message, file, line = 1 }) => ({
        ruleId: rule,
        level,
        message: { text: message },
        locations: [
          { physicalLocation: { artifactLocation: { uri: file }, region: { startLine: Math.max(1, line) } } },
        ],
      })),
    },
  ],
})
