// How checks of a configuration say what they find.

import type { RuleId } from "../rules.js"

/** Notes what breaks a rule at an option. */
export type Report = (rule: RuleId, path: readonly PropertyKey[], message: string) => void
