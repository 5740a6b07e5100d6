/** The configuration, unless another is named. */
export const defaultRules = "rules.yaml"
